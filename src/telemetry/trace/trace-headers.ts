import { type B3, b3Fields, formatB3, parseB3, parseB3Fields } from './b3.ts';
import type { SpanContext, TraceContext, TraceFormat } from './trace-context.ts';
import { formatTraceparent, parseTraceparent } from './traceparent.ts';
import { combineTracestate } from './tracestate.ts';

/** The fields of a message, names in lower case. */
export interface TraceFields {
  readonly size: number;
  lowerNameAt(index: number): string;
  valueAt(index: number): string;
}

/** Fields that can be changed. */
export interface WritableTraceFields {
  set(name: string, value: string): void;
  remove(name: string): void;
}

/** What a message says about its trace. */
export interface IncomingTrace {
  /** Undefined: nothing came, or nothing that is well-formed. */
  readonly parent: TraceContext | undefined;
  /** Whether it is to be sampled, where somebody has said so. B3 can say that without a trace. */
  readonly sampled: boolean | undefined;
  /** In which it goes on; those of what was malformed are not among them. */
  readonly formats: readonly TraceFormat[];
  /** Every field that came and has to do with a trace. */
  readonly names: readonly string[];
  /** Goes on with W3C Trace Context. */
  readonly tracestate: string | undefined;
}

/**
 * Reads W3C Trace Context, or else B3 in either form; what is malformed, or stands there more than once where once is meant,
 * is as if it were not there.
 */
export function readTrace(fields: TraceFields): IncomingTrace {
  const found = findFields(fields);
  if (found === undefined) return NO_TRACE;
  const w3c = parseTraceparent(only(found, 'traceparent'));
  const single = parseSingle(found);
  const multi = parseMulti(found);
  const formats: TraceFormat[] = [];
  if (w3c !== undefined) formats.push('w3c');
  if (single !== undefined) formats.push('b3-single');
  if (multi !== undefined) formats.push('b3-multi');
  const b3 = single ?? multi;
  const parent = w3c ?? b3?.context;
  return {
    parent: parent && b3?.debug === true ? { ...parent, debug: true } : parent,
    sampled: w3c?.sampled ?? b3?.sampled,
    formats: formats.length === 0 ? NEW_FORMATS : formats,
    names: [...found.keys()],
    tracestate: w3c && combineTracestate(found.get('tracestate') ?? []),
  };
}

/** Makes a message say that `span` sent it, and nothing else about traces. */
export function writeTrace(
  fields: WritableTraceFields,
  span: SpanContext,
  { formats, names, tracestate }: IncomingTrace,
): void {
  for (const name of names) fields.remove(name);
  writeSpan(fields, span, formats);
  if (tracestate !== undefined) fields.set('tracestate', tracestate);
}

/** Puts `span` in the place of the one before it, in each of the formats. */
export function writeSpan(
  fields: WritableTraceFields,
  span: SpanContext,
  formats: readonly TraceFormat[],
): void {
  for (const format of formats) writeFormat(fields, span, format);
}

function writeFormat(fields: WritableTraceFields, span: SpanContext, format: TraceFormat): void {
  switch (format) {
    case 'w3c':
      fields.set('traceparent', formatTraceparent(span));
      return;
    case 'b3-single':
      fields.set('b3', formatB3(span, span.parentId));
      return;
    case 'b3-multi':
      for (const [name, value] of b3Fields(span, span.parentId)) fields.set(name, value);
  }
}

/** All fields about traces, by name; undefined when there are none, as with most requests. */
function findFields(fields: TraceFields): Map<string, string[]> | undefined {
  let found: Map<string, string[]> | undefined;
  for (let index = 0; index < fields.size; index++) {
    const name = fields.lowerNameAt(index);
    if (!NAMES.has(name)) continue;
    found ??= new Map();
    const values = found.get(name);
    if (values === undefined) found.set(name, [fields.valueAt(index)]);
    else values.push(fields.valueAt(index));
  }
  return found;
}

function parseSingle(found: ReadonlyMap<string, readonly string[]>): B3 | undefined {
  const value = only(found, 'b3');
  return value === undefined ? undefined : parseB3(value);
}

function parseMulti(found: ReadonlyMap<string, readonly string[]>): B3 | undefined {
  for (const name of MULTI) if ((found.get(name)?.length ?? 0) > 1) return undefined;
  return parseB3Fields({
    traceId: only(found, 'x-b3-traceid'),
    spanId: only(found, 'x-b3-spanid'),
    sampled: only(found, 'x-b3-sampled'),
    flags: only(found, 'x-b3-flags'),
  });
}

function only(found: ReadonlyMap<string, readonly string[]>, name: string): string | undefined {
  const values = found.get(name);
  return values?.length === 1 ? values[0] : undefined;
}

const MULTI = ['x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid', 'x-b3-sampled', 'x-b3-flags'] as const;
const NAMES: ReadonlySet<string> = new Set(['traceparent', 'tracestate', 'b3', ...MULTI]);
/** In which a trace begins. */
const NEW_FORMATS: readonly TraceFormat[] = ['w3c'];
const NO_TRACE: IncomingTrace = {
  parent: undefined,
  sampled: undefined,
  formats: NEW_FORMATS,
  names: [],
  tracestate: undefined,
};
