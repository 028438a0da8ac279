import { LOG_LEVELS, type LogLevel } from '../../base/index.ts';
import { TelemetryError } from '../errors.ts';

/**
 * Which lines are written, changeable while loggers hold on to it. Spelled `info`, or with exceptions by target:
 * `info,access=debug`.
 */
export interface LevelFilter {
  readonly spec: string;
  /** Grows with each change, so that loggers may keep what they looked up. */
  readonly version: number;
  /** Replaces the whole spec. Throws ERR_TELEMETRY_LOG_LEVEL and changes nothing when it does not parse. */
  set(spec: string): void;
  /** The rank from which on lines of the target are written; `trace` is 0. */
  thresholdOf(target: string): number;
}

/** Throws ERR_TELEMETRY_LOG_LEVEL when the spec does not parse. */
export function createLevelFilter(initial: string): LevelFilter {
  let current = parseSpec(initial);
  let version = 0;
  return {
    get spec() {
      return current.spec;
    },
    get version() {
      return version;
    },
    set(spec) {
      current = parseSpec(spec);
      version++;
    },
    thresholdOf: (target) => current.targets.get(target) ?? current.threshold,
  };
}

/** `trace` is 0, `error` is 4. */
export function rankOf(level: LogLevel): number {
  return LOG_LEVELS.indexOf(level);
}

interface Spec {
  readonly spec: string;
  readonly threshold: number;
  readonly targets: ReadonlyMap<string, number>;
}

function parseSpec(spec: string): Spec {
  const targets = new Map<string, number>();
  let threshold = rankOf('info');
  for (const part of spec.split(',')) {
    const [name = '', level] = part.trim().split('=');
    if (level === undefined) threshold = parseLevel(name, spec);
    else targets.set(name, parseLevel(level, spec));
  }
  return { spec, threshold, targets };
}

function parseLevel(text: string, spec: string): number {
  const rank = (LOG_LEVELS as readonly string[]).indexOf(text.toLowerCase());
  if (rank !== -1) return rank;
  throw new TelemetryError({
    code: 'ERR_TELEMETRY_LOG_LEVEL',
    blame: 'downstream',
    message: `expected a log level (${LOG_LEVELS.join(', ')}), got ${JSON.stringify(text)} in ${JSON.stringify(spec)}`,
    hint: 'write one level, or exceptions by target behind it: info,access=debug',
  });
}
