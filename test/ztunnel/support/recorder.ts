import type {
  ConnectionBytes,
  ConnectionDetails,
  ConnectionEnd,
  ConnectionJournal,
} from '../../../src/proxy/index.ts';

export interface Recorded {
  readonly event: 'opened' | 'closed' | 'failed';
  readonly details: ConnectionDetails;
  readonly end?: ConnectionEnd;
  readonly meter?: () => ConnectionBytes;
}

/** A journal that keeps what it is told. */
export function createRecorder(): ConnectionJournal & { readonly entries: Recorded[] } {
  const entries: Recorded[] = [];
  return {
    entries,
    opened(details, life) {
      entries.push({ event: 'opened', details, meter: () => life.bytes() });
      return { closed: (end) => void entries.push({ event: 'closed', details, end }) };
    },
    failed: (details, end) => void entries.push({ event: 'failed', details, end }),
  };
}
