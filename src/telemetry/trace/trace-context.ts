import type { SpanTag, TraceSpan } from '../../model/index.ts';

/** Where one request or connection stands in a trace. */
export interface TraceContext {
  /** 32 hex digits, lower-case, not all zero. */
  readonly traceId: string;
  /** 16 hex digits, lower-case, not all zero. */
  readonly spanId: string;
  /** Undefined: whoever began the trace left it open. */
  readonly sampled: boolean | undefined;
  /** The trace id was made at random, as W3C Trace Context 2 has it. */
  readonly random?: boolean | undefined;
  /** B3: to be sampled whatever it costs. */
  readonly debug?: boolean | undefined;
}

/** What holds for some spans in the place of what the process was started with. */
export interface TraceRules {
  /** Of the traces that begin here: 0 to 1. */
  readonly ratio: number;
  /** Whom spans are told to. */
  readonly sinks: readonly SpanSink[];
  readonly tags: readonly SpanTag[];
}

/** Where sampled spans go. Takes at once; what it cannot keep it drops. */
export interface SpanSink {
  span(span: EndedSpan): void;
}

/** A span that is over. */
export type EndedSpan = Omit<TraceSpan, 'proxy'>;

/** A span of our own: its parent is known, and whether it is sampled is decided. */
export interface SpanContext extends TraceContext {
  readonly sampled: boolean;
  /** Empty for the first of a trace. */
  readonly parentId: string;
  /** Undefined: those of the process. */
  readonly rules?: TraceRules;
}

/** The headers in which a trace came, and in which it is to go on. */
export type TraceFormat = 'w3c' | 'b3-single' | 'b3-multi';

/** B3 knows trace ids of 16 digits; the other half is zero. Undefined where an id is all zero. */
export function checkedContext(
  traceId: string,
  spanId: string,
  flags: Omit<TraceContext, 'traceId' | 'spanId'>,
): TraceContext | undefined {
  if (ZEROS.test(traceId) || ZEROS.test(spanId)) return undefined;
  return { traceId: traceId.padStart(32, '0'), spanId, ...flags };
}

const ZEROS = /^0+$/;
