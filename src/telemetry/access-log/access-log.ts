import type { MeshLogger } from '../log/index.ts';
import { type AccessEnd, type AccessRecord, accessFields, endFields } from './access-record.ts';

/** One line when a connection opens and one when it ends; one alone for a connection that never opened. */
export interface AccessLog {
  /** `connection opened`, at INFO. */
  opened(record: AccessRecord): void;
  /** `connection complete`, at INFO, or at ERROR when it was cut. */
  closed(record: AccessRecord, end: AccessEnd): void;
  /** `connection failed`, at WARN: refused, or its other end could not be reached. */
  failed(record: AccessRecord, end: AccessEnd): void;
}

/** Speaks with target `access`, in the logger's format, and is silenced by level: `info,access=warn` keeps only failures. */
export function createAccessLog(log: MeshLogger): AccessLog {
  const access = log.child({ target: 'access' });
  return {
    opened(record) {
      if (access.isEnabled('info')) access.info('connection opened', accessFields(record));
    },
    closed(record, end) {
      const level = end.error === undefined ? 'info' : 'error';
      if (access.isEnabled(level))
        access[level]('connection complete', { ...accessFields(record), ...endFields(end) });
    },
    failed(record, end) {
      if (access.isEnabled('warn'))
        access.warn('connection failed', { ...accessFields(record), ...endFields(end) });
    },
  };
}
