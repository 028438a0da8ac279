import type { LogLevel } from '../../base/index.ts';
import type { AccessOutput } from './access-output.ts';
import { type AccessEnd, type AccessRecord, accessFields, endFields } from './access-record.ts';
import { type AccessRules, ALL_RECORDS, connectionAttributes } from './rules/index.ts';

/** One line when a connection opens and one when it ends; one alone for a connection that never opened. */
export interface AccessLog {
  /** `connection opened`, at INFO. */
  opened(record: AccessRecord): void;
  /** `connection complete`, at INFO, or at ERROR when it was cut. */
  closed(record: AccessRecord, end: AccessEnd): void;
  /** `connection failed`, at WARN: refused, or its other end could not be reached. */
  failed(record: AccessRecord, end: AccessEnd): void;
}

/** `rules`: which lines are written, and what is added to them. Default: all, as they are. */
export function createAccessLog(output: AccessOutput, rules: AccessRules = ALL_RECORDS): AccessLog {
  function write(level: LogLevel, message: string, record: AccessRecord, end: AccessEnd | undefined): void {
    if (!output.isEnabled(level)) return;
    const added = rules.judge(() => connectionAttributes(record, end));
    if (added === undefined) return;
    const ended = end === undefined ? undefined : endFields(end);
    output.write({
      level,
      message,
      fields: { ...accessFields(record), ...ended, ...added },
      trace: record.trace,
    });
  }
  return {
    opened: (record) => write('info', 'connection opened', record, undefined),
    closed: (record, end) =>
      write(end.error === undefined ? 'info' : 'error', 'connection complete', record, end),
    failed: (record, end) => write('warn', 'connection failed', record, end),
  };
}
