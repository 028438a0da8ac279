import type { TraceSpan } from '../../model/index.ts';

/** A span in the order and depth of a waterfall. */
export interface TraceRow {
  readonly span: TraceSpan;
  /** 0 for a span without a known parent. */
  readonly depth: number;
  /** Where its bar begins and how long it is, as shares of the whole trace. */
  readonly from: number;
  readonly share: number;
}

/** Spans as rows: each below its parent, siblings by their start. A parent that is missing, or a circle, hides nothing. */
export function traceRows(spans: readonly TraceSpan[]): readonly TraceRow[] {
  const startMs = Math.min(...spans.map((span) => span.startMs));
  const endMs = Math.max(...spans.map((span) => span.startMs + span.durationMs));
  const wholeMs = Math.max(endMs - startMs, 0.001);
  const inOrder = [...spans].sort((a, b) => a.startMs - b.startMs);
  const known = new Set(spans.map((span) => span.spanId));
  const placed = new Set<string>();
  const rows: TraceRow[] = [];
  const place = (span: TraceSpan, depth: number): void => {
    if (placed.has(span.spanId)) return;
    placed.add(span.spanId);
    const from = (span.startMs - startMs) / wholeMs;
    rows.push({ span, depth, from, share: span.durationMs / wholeMs });
    for (const child of inOrder) if (child.parentId === span.spanId) place(child, depth + 1);
  };
  for (const span of inOrder) if (!known.has(span.parentId)) place(span, 0);
  for (const span of inOrder) place(span, 0);
  return rows;
}
