import { randomBytes } from 'node:crypto';

/** W3C Trace Context, version 00. */
export interface Traceparent {
  /** 32 hex digits, lower-case, not all zero. */
  readonly traceId: string;
  /** 16 hex digits, lower-case, not all zero: the span that sent this. */
  readonly spanId: string;
  readonly sampled: boolean;
}

/** Undefined for anything that is not a valid traceparent; versions above 00 are read as their first four fields (§4). */
export function parseTraceparent(text: string | undefined): Traceparent | undefined {
  const match = text === undefined || text.length > MAX_LENGTH ? null : TRACEPARENT.exec(text.trim());
  if (match === null) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (ZEROS.test(traceId) || ZEROS.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent(trace: Traceparent): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? '01' : '00'}`;
}

/** The next hop's: a new span in the same trace, or a new trace where there was none. */
export function childTraceparent(
  parent: Traceparent | undefined,
  random: (bytes: number) => Buffer = randomBytes,
): Traceparent {
  const spanId = random(8).toString('hex');
  return {
    traceId: parent?.traceId ?? random(16).toString('hex'),
    spanId,
    sampled: parent?.sampled ?? false,
  };
}

const MAX_LENGTH = 512;
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZEROS = /^0+$/;
