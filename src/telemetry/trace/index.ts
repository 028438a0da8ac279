export type { SpanContext, TraceContext, TraceFormat } from './trace-context.ts';
export { type IncomingTrace, readTrace, writeSpan, writeTrace } from './trace-headers.ts';
export { formatTraceparent, parseTraceparent } from './traceparent.ts';
export { createTracer, type EndedSpan, type SpanSink, type Tracer, type TracerOptions } from './tracer.ts';
