import { checkedContext, type TraceContext } from './trace-context.ts';

/** What B3 headers say: a trace, or only whether to sample what follows. Undefined: nothing, or nothing that is well-formed. */
export interface B3 {
  readonly context: TraceContext | undefined;
  readonly sampled: boolean | undefined;
  readonly debug: boolean;
}

/** The headers of B3's longer form; undefined where one did not come. */
export interface B3Fields {
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly sampled: string | undefined;
  readonly flags: string | undefined;
}

/** `b3: {trace}-{span}[-{decision}[-{parent}]]`, or the decision alone. */
export function parseB3(text: string): B3 | undefined {
  if (text.length > LONGEST) return undefined;
  const value = text.trim().toLowerCase();
  if (DECISION.test(value)) return decided(undefined, value);
  const match = B3.exec(value);
  if (match === null) return undefined;
  const [, traceId = '', spanId = '', decision] = match;
  const context = checkedContext(traceId, spanId, flagsOf(decision));
  return context && decided(context, decision);
}

/** `x-b3-traceid` and `x-b3-spanid`, both or neither, and the decision. */
export function parseB3Fields(fields: B3Fields): B3 | undefined {
  const decision = fields.flags?.trim() === '1' ? 'd' : fields.sampled?.trim().toLowerCase();
  const isKnown = decision === undefined || WORD.test(decision);
  if (fields.traceId === undefined && fields.spanId === undefined)
    return decision !== undefined && isKnown ? decided(undefined, decision) : undefined;
  const traceId = fields.traceId?.trim().toLowerCase() ?? '';
  const spanId = fields.spanId?.trim().toLowerCase() ?? '';
  if (!isKnown || !TRACE_ID.test(traceId) || !SPAN_ID.test(spanId)) return undefined;
  const context = checkedContext(traceId, spanId, flagsOf(decision));
  return context && decided(context, decision);
}

/** The single header. `parentId` is empty where there is none. */
export function formatB3(span: TraceContext, parentId: string): string {
  const decision = span.debug === true ? '-d' : span.sampled === undefined ? '' : `-${bit(span.sampled)}`;
  const parent = decision === '' || parentId === '' ? '' : `-${parentId}`;
  return `${span.traceId}-${span.spanId}${decision}${parent}`;
}

/** The same as headers of the longer form. */
export function b3Fields(
  span: TraceContext,
  parentId: string,
): readonly (readonly [name: string, value: string])[] {
  const fields: [name: string, value: string][] = [
    ['x-b3-traceid', span.traceId],
    ['x-b3-spanid', span.spanId],
  ];
  if (parentId !== '') fields.push(['x-b3-parentspanid', parentId]);
  if (span.debug === true) fields.push(['x-b3-flags', '1']);
  else if (span.sampled !== undefined) fields.push(['x-b3-sampled', bit(span.sampled)]);
  return fields;
}

function decided(context: TraceContext | undefined, decision: string | undefined): B3 {
  const { sampled, debug } = flagsOf(decision);
  return { context, sampled, debug: debug === true };
}

function flagsOf(decision: string | undefined): Pick<TraceContext, 'sampled' | 'debug'> {
  if (decision === 'd') return { sampled: true, debug: true };
  if (decision === '1' || decision === 'true') return { sampled: true };
  return { sampled: decision === undefined ? undefined : false };
}

function bit(sampled: boolean): string {
  return sampled ? '1' : '0';
}

const LONGEST = 512;
const DECISION = /^[01d]$/;
const WORD = /^(?:[01d]|true|false)$/;
const B3 = /^([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})(?:-([01d])(?:-[0-9a-f]{16})?)?$/;
const TRACE_ID = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/;
const SPAN_ID = /^[0-9a-f]{16}$/;
