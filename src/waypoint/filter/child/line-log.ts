import type { FilterLog } from '../author/filter-api.ts';
import type { LogHead } from '../protocol/messages.ts';

/** The log of a filter: so many lines in a second, each of a limited length. */
export function createLineLog(send: (line: LogHead) => void): FilterLog {
  let secondMs = 0;
  let lines = 0;
  let dropped = 0;

  function write(level: LogHead['level'], message: unknown, fields: unknown): void {
    const nowMs = Date.now();
    if (nowMs - secondMs >= 1_000) {
      secondMs = nowMs;
      lines = 0;
    }
    lines += 1;
    if (lines > LINES_PER_SECOND) {
      dropped += 1;
      return;
    }
    send({ level, message: cut(String(message)), fields: plainFields(fields), dropped });
    dropped = 0;
  }

  return {
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  };
}

/** `console` of a filter: the same log. */
export function consoleOf(log: FilterLog): object {
  const info = (...parts: readonly unknown[]): void => log.info(textOf(parts));
  return Object.freeze({
    log: info,
    info,
    debug: info,
    warn: (...parts: readonly unknown[]): void => log.warn(textOf(parts)),
    error: (...parts: readonly unknown[]): void => log.error(textOf(parts)),
  });
}

function textOf(parts: readonly unknown[]): string {
  return parts.map((part) => (typeof part === 'string' ? part : asText(part))).join(' ');
}

function asText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Error) return value.stack ?? value.message;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // It has a loop in it, or a getter that throws: its kind is all that can be told.
    return Object.prototype.toString.call(value);
  }
}

function plainFields(fields: unknown): Readonly<Record<string, unknown>> {
  if (typeof fields !== 'object' || fields === null) return {};
  const text = asText(fields);
  if (text.length > LONGEST_FIELDS || !text.startsWith('{')) return { fields: cut(text) };
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

function cut(text: string): string {
  return text.length <= LONGEST_MESSAGE ? text : `${text.slice(0, LONGEST_MESSAGE)}…`;
}

const LINES_PER_SECOND = 20;
const LONGEST_MESSAGE = 1_024;
const LONGEST_FIELDS = 2_048;
