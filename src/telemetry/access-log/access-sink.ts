import type { LogLevel } from '../../base/index.ts';
import type { AccessLine, AccessOutput } from './access-output.ts';
import { type AccessRules, type ExpressionAttributes, NOTHING_ADDED } from './rules/index.ts';

/** One record, of which no more is put together than somebody wants to know. */
export interface AccessEntry extends Pick<AccessLine, 'level' | 'message' | 'trace'> {
  /** Undefined: it has only begun. */
  readonly durationMs: number | undefined;
  fields(): Readonly<Record<string, unknown>>;
  attributes(): ExpressionAttributes;
}

/** One access log: where it goes, and which records. */
export interface AccessSink {
  isEnabled(level: LogLevel): boolean;
  write(entry: AccessEntry): void;
}

/** Records as they always are, with what the rules add. */
export function outputSink(output: AccessOutput, rules: AccessRules): AccessSink {
  return {
    isEnabled: (level) => output.isEnabled(level),
    write(entry) {
      const added = rules.judge(entry.attributes);
      if (added === undefined) return;
      const { level, message, trace } = entry;
      const known = entry.fields();
      output.write({
        level,
        message,
        fields: added === NOTHING_ADDED ? known : { ...known, ...added },
        trace,
      });
    },
  };
}

/** Gives an entry to each of the sinks that wants its level. */
export function writeToAll(sinks: readonly AccessSink[], level: LogLevel, make: () => AccessEntry): void {
  let entry: AccessEntry | undefined;
  for (const sink of sinks) {
    if (!sink.isEnabled(level)) continue;
    entry ??= make();
    sink.write(entry);
  }
}
