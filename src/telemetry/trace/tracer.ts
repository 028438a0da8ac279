import { randomFillSync } from 'node:crypto';
import type { TraceSpan } from '../../model/index.ts';
import type { SpanContext, TraceContext } from './trace-context.ts';

/** A span that is over. */
export type EndedSpan = Omit<TraceSpan, 'proxy'>;

/** Where sampled spans go. Takes at once; what it cannot keep it drops. */
export interface SpanSink {
  span(span: EndedSpan): void;
}

/** Decides what is sampled, and tells the sinks what was. What is not sampled costs an identifier. */
export interface Tracer {
  /** The next span of `parent`'s trace, or the first of a new one. What was decided before about sampling holds. */
  begin(parent: TraceContext | undefined, sampled?: boolean): SpanContext;
  /** Only for spans that are sampled. */
  ended(span: EndedSpan): void;
}

export interface TracerOptions {
  /** Of the traces that begin here, and of those that nobody has decided about: 0 to 1. */
  readonly ratio: number;
  readonly sinks: readonly SpanSink[];
}

export function createTracer({ ratio, sinks }: TracerOptions): Tracer {
  // By the trace's id, so that whoever decides by the same ratio decides the same.
  const below = ratio * DECIDING_RANGE;
  return {
    begin(parent, sampled = parent?.sampled) {
      const traceId = parent?.traceId ?? randomHex(16);
      const spanId = randomHex(8);
      return {
        traceId,
        spanId,
        parentId: parent?.spanId ?? '',
        sampled: sampled ?? Number.parseInt(traceId.slice(-DECIDING_DIGITS), 16) < below,
        random: parent?.random,
        debug: parent?.debug,
      };
    },
    ended(span) {
      for (const sink of sinks) sink.span(span);
    },
  };
}

/** Ids need no secrecy, only to differ: one call of the kernel serves many requests. */
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

const pool = Buffer.alloc(8_192);
let used = pool.length;
/** As many as a number holds exactly, of the end, which is random in short B3 ids too. */
const DECIDING_DIGITS = 13;
const DECIDING_RANGE = 16 ** DECIDING_DIGITS;
