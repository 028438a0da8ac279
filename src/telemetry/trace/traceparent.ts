import { checkedContext, type TraceContext } from './trace-context.ts';

/**
 * W3C Trace Context §3.2; versions above 00 are read as their first four fields (§4). Undefined for anything that is not a
 * valid traceparent.
 */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  const match = text === undefined || text.length > LONGEST ? null : TRACEPARENT.exec(text);
  if (match === null) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  const bits = Number.parseInt(flags, 16);
  return checkedContext(traceId, spanId, {
    sampled: (bits & SAMPLED) !== 0,
    random: (bits & RANDOM) !== 0,
  });
}

/** Version 00, with the flags that it and its successor know. */
export function formatTraceparent({ traceId, spanId, sampled, random }: TraceContext): string {
  const bits = (sampled === true ? SAMPLED : 0) | (random === true ? RANDOM : 0);
  return `00-${traceId}-${spanId}-0${bits}`;
}

const SAMPLED = 1;
const RANDOM = 2;
const LONGEST = 512;
/** Blanks around it are none of the value (RFC 9110 §5.5). */
const TRACEPARENT = /^[ \t]*([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[\x21-\x7e]*)?[ \t]*$/;
