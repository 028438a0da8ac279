import type { AccessOutput } from '../../telemetry/index.ts';
import type { ConnectionJournal, OpenConnection } from '../connections/connection-record.ts';
import { isLateRefusal } from '../records/refusal-reason.ts';

/** Leaves to a journal the connections that are refused or fail; of all others nothing is put together. */
export function failuresJournal(
  journal: ConnectionJournal,
  lateRefusals: ReadonlySet<string>,
): ConnectionJournal {
  return {
    opened(details): OpenConnection {
      return {
        closed(end) {
          if (isLateRefusal(end.error, lateRefusals)) journal.failed(details, end);
        },
      };
    },
    failed: journal.failed,
  };
}

/** The lines about what was refused, failed or was cut. */
export function failuresOutput(output: AccessOutput): AccessOutput {
  return { ...output, isEnabled: (level) => level !== 'info' && output.isEnabled(level) };
}
