import { pino } from 'pino';
import { type LogFields, type Logger, type LogLevel, systemClock, type Clock } from '../../base/index.ts';
import { createLevelFilter, type LevelFilter, rankOf } from './level-filter.ts';
import { escapeHidden, formatFields, lineFields } from './line-fields.ts';

/** How a line looks; both have the same content. */
export type LogFormat = 'text' | 'json';

/** How a process logs. */
export interface LoggerOptions {
  /** `info`, or with exceptions by target: `info,access=debug`. Default `info`. */
  readonly level?: string | undefined;
  /** Default `text`. */
  readonly format?: LogFormat | undefined;
  /** Takes whole lines; `openLogSink` makes one that never blocks. */
  readonly stream: { write(line: string): unknown };
  readonly clock?: Pick<Clock, 'now'> | undefined;
}

/** A logger whose level can be changed while it runs, for itself and all of its children. */
export interface MeshLogger extends Logger {
  readonly level: string;
  /** `info` or `info,access=debug`. Throws ERR_TELEMETRY_LOG_LEVEL. */
  setLevel(spec: string): void;
  /** So that fields need not be put together for a line that nobody wants. */
  isEnabled(level: LogLevel): boolean;
  /** The field `target` names the part that speaks (`access`, `xds`); levels can be set by it. */
  child(fields: LogFields): MeshLogger;
}

const DEFAULT_TARGET = 'nodemesh';

/** `own`: of the logger and its parents, as they are written. `more`: of the line, as they were given. */
type WriteLine = (
  level: LogLevel,
  event: string,
  own: Readonly<Record<string, unknown>>,
  more: LogFields | undefined,
) => void;

/** One line for one event. Text is `timestamp TAB level TAB target TAB message TAB k=v …`; JSON is one object (pino). */
export function createLogger(options: LoggerOptions): MeshLogger {
  const filter = createLevelFilter(options.level ?? 'info');
  const clock = options.clock ?? systemClock;
  const format = options.format ?? 'text';
  const makeWriter = (target: string): WriteLine =>
    format === 'json' ? jsonWriter(options.stream, clock, target) : textWriter(options.stream, clock, target);
  return makeLogger({
    filter,
    makeWriter,
    target: DEFAULT_TARGET,
    write: makeWriter(DEFAULT_TARGET),
    fields: {},
  });
}

interface LoggerParts {
  readonly filter: LevelFilter;
  readonly makeWriter: (target: string) => WriteLine;
  readonly target: string;
  readonly write: WriteLine;
  /** Of this logger and its parents, as they are written. */
  readonly fields: Readonly<Record<string, unknown>>;
}

function makeLogger(parts: LoggerParts): MeshLogger {
  const { filter, target, write, fields } = parts;
  let version = filter.version;
  let threshold = filter.thresholdOf(target);
  const isEnabled = (rank: number): boolean => {
    if (version !== filter.version) {
      version = filter.version;
      threshold = filter.thresholdOf(target);
    }
    return rank >= threshold;
  };
  const at = (level: LogLevel): ((event: string, more?: LogFields) => void) => {
    const rank = rankOf(level);
    return (event, more) => {
      if (isEnabled(rank)) write(level, event, fields, more);
    };
  };
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    get level() {
      return filter.spec;
    },
    setLevel: (spec) => filter.set(spec),
    isEnabled: (level) => isEnabled(rankOf(level)),
    child({ target: childTarget, ...more }) {
      const named = typeof childTarget === 'string' ? childTarget : target;
      return makeLogger({
        ...parts,
        target: named,
        write: named === target ? write : parts.makeWriter(named),
        fields: { ...fields, ...lineFields(more) },
      });
    },
  };
}

function textWriter(stream: LoggerOptions['stream'], clock: Pick<Clock, 'now'>, target: string): WriteLine {
  const timestamp = createTimestamp(clock);
  const column = oneLine(target);
  return (level, event, own, more) => {
    // Loggers seldom have fields of their own, and then nothing has to be joined.
    const pairs = formatFields(isEmpty(own) && more !== undefined ? more : joined(own, more));
    stream.write(
      `${timestamp()}\t${level}\t${column}\t${oneLine(event)}${pairs === '' ? '' : `\t${pairs}`}\n`,
    );
  };
}

function jsonWriter(stream: LoggerOptions['stream'], clock: Pick<Clock, 'now'>, target: string): WriteLine {
  const timestamp = createTimestamp(clock);
  const lines = pino(
    {
      // The filter has decided already.
      level: 'trace',
      base: { target },
      messageKey: 'message',
      timestamp: () => `,"time":"${timestamp()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => stream.write(escapeHidden(line)) },
  );
  return (level, event, own, more) => lines[level](joined(own, more), event);
}

function joined(
  own: Readonly<Record<string, unknown>>,
  more: LogFields | undefined,
): Readonly<Record<string, unknown>> {
  return more === undefined ? own : { ...own, ...lineFields(more) };
}

function isEmpty(fields: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(fields).length === 0;
}

/** The time as ISO 8601 has it; put together once for all lines of a millisecond. */
function createTimestamp(clock: Pick<Clock, 'now'>): () => string {
  let atMs = Number.NaN;
  let text = '';
  return () => {
    const nowMs = clock.now();
    if (nowMs !== atMs) {
      atMs = nowMs;
      text = new Date(nowMs).toISOString();
    }
    return text;
  };
}

/** Columns are split by tabs and lines by line ends: neither may come from data. */
function oneLine(text: string): string {
  return PRINTABLE_ASCII.test(text) ? text : text.replace(/[\p{Cc}]+/gu, ' ');
}

const PRINTABLE_ASCII = /^[ -~]*$/;
