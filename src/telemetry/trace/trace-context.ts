import { randomFillSync } from 'node:crypto';

/** Where one request stands in a trace. */
export interface TraceContext {
  /** 32 hex digits, lower-case, not all zero. */
  readonly traceId: string;
  /** 16 hex digits, lower-case, not all zero. */
  readonly spanId: string;
  /** Undefined: whoever began the trace left it open. */
  readonly sampled: boolean | undefined;
}

/** The headers in which a trace came, and in which it is to go on. */
export type TraceFormat = 'w3c' | 'b3-single' | 'b3-multi';

/** A trace with the formats that it was found in. */
export interface IncomingTrace {
  readonly context: TraceContext;
  readonly formats: readonly TraceFormat[];
}

/** Reads W3C Trace Context, or else B3 in either form; what is malformed is as if it were not there. */
export function readTrace(header: (name: string) => string | undefined): IncomingTrace | undefined {
  const w3c = readTraceparent(header('traceparent'));
  const single = readSingle(header('b3'));
  const multi = readMulti(header);
  const formats: TraceFormat[] = [];
  if (w3c !== undefined) formats.push('w3c');
  if (single !== undefined) formats.push('b3-single');
  if (multi !== undefined) formats.push('b3-multi');
  const context = w3c ?? single ?? multi;
  return context === undefined ? undefined : { context, formats };
}

/** The next span of a trace, or the first of a new one. */
export function childSpan(parent: TraceContext | undefined): TraceContext {
  return {
    traceId: parent?.traceId ?? randomHex(16),
    spanId: randomHex(8),
    sampled: parent?.sampled,
  };
}

/** The headers that pass a span on, in each of the formats. `parentSpanId` is told by B3 alone. */
export function traceHeaders(
  span: TraceContext,
  formats: readonly TraceFormat[],
  parentSpanId: string | undefined,
): readonly (readonly [name: string, value: string])[] {
  return formats.flatMap((format) => headersOf(format, span, parentSpanId));
}

function headersOf(
  format: TraceFormat,
  span: TraceContext,
  parentSpanId: string | undefined,
): readonly (readonly [name: string, value: string])[] {
  const sampled = span.sampled === true ? '1' : '0';
  switch (format) {
    case 'w3c':
      return [['traceparent', `00-${span.traceId}-${span.spanId}-0${sampled}`]];
    case 'b3-single': {
      const decision = span.sampled === undefined ? '' : `-${sampled}`;
      const parent = decision === '' || parentSpanId === undefined ? '' : `-${parentSpanId}`;
      return [['b3', `${span.traceId}-${span.spanId}${decision}${parent}`]];
    }
    case 'b3-multi':
      return [
        ['x-b3-traceid', span.traceId],
        ['x-b3-spanid', span.spanId],
        ...(parentSpanId === undefined ? [] : ([['x-b3-parentspanid', parentSpanId]] as const)),
        ...(span.sampled === undefined ? [] : ([['x-b3-sampled', sampled]] as const)),
      ];
  }
}

/** W3C Trace Context §3.2.2; versions above 00 are read as their first four fields (§4). */
function readTraceparent(text: string | undefined): TraceContext | undefined {
  const match = text === undefined || text.length > LONGEST ? null : TRACEPARENT.exec(text.trim());
  if (match === null) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  return checked(traceId, spanId, (Number.parseInt(flags, 16) & 1) === 1);
}

function readSingle(text: string | undefined): TraceContext | undefined {
  const match = text === undefined || text.length > LONGEST ? null : B3.exec(text.trim().toLowerCase());
  if (match === null) return undefined;
  const [, traceId = '', spanId = '', decision] = match;
  return checked(traceId, spanId, decisionOf(decision));
}

function readMulti(header: (name: string) => string | undefined): TraceContext | undefined {
  const traceId = header('x-b3-traceid')?.toLowerCase() ?? '';
  const spanId = header('x-b3-spanid')?.toLowerCase() ?? '';
  if (!B3_TRACE_ID.test(traceId) || !SPAN_ID.test(spanId)) return undefined;
  return checked(traceId, spanId, header('x-b3-flags') === '1' ? true : decisionOf(header('x-b3-sampled')));
}

function decisionOf(text: string | undefined): boolean | undefined {
  if (text === '1' || text === 'd' || text === 'true') return true;
  return text === '0' || text === 'false' ? false : undefined;
}

/** B3 knows trace ids of 16 digits; the other half is zero. */
function checked(traceId: string, spanId: string, sampled: boolean | undefined): TraceContext | undefined {
  if (ZEROS.test(traceId) || ZEROS.test(spanId)) return undefined;
  return { traceId: traceId.padStart(32, '0'), spanId, sampled };
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
const LONGEST = 512;
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const B3 = /^([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})(?:-([01d]))?(?:-[0-9a-f]{16})?$/;
const B3_TRACE_ID = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/;
const SPAN_ID = /^[0-9a-f]{16}$/;
const ZEROS = /^0+$/;
