import type { TraceSpan } from '../../../model/index.ts';
import { createEventLog, type Sequenced } from './event-log.ts';

/** The last spans, by trace. */
export interface TraceTable {
  /** `reportedBy`: another proxy. */
  add(span: TraceSpan, sequence: number, reportedBy?: string): void;
  /** Oldest first. */
  trace(traceId: string): readonly TraceSpan[];
  since(sequence: number, most: number): readonly Sequenced<TraceSpan>[];
}

/** `capacity`: spans that are kept, over all traces. */
export function createTraceTable(capacity: number): TraceTable {
  const log = createEventLog<TraceSpan>(capacity);
  const byTrace = new Map<string, TraceSpan[]>();
  return {
    add(span, sequence, reportedBy) {
      const spans = byTrace.get(span.traceId);
      if (spans === undefined) byTrace.set(span.traceId, [span]);
      else spans.push(span);
      const gone = log.push({ sequence, item: span }, reportedBy);
      if (gone === undefined) return;
      const left = byTrace.get(gone.traceId);
      // The oldest of all is the oldest of its trace, and that of a proxy is near it.
      left?.splice(left.indexOf(gone), 1);
      if (left?.length === 0) byTrace.delete(gone.traceId);
    },
    trace: (traceId) => (byTrace.get(traceId) ?? []).toSorted((a, b) => a.startMs - b.startMs),
    since: log.since,
  };
}
