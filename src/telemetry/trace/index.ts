export type {
  EndedSpan,
  SpanContext,
  SpanSink,
  TraceContext,
  TraceFormat,
  TraceRules,
} from './trace-context.ts';
export { type IncomingTrace, readTrace, writeSpan, writeTrace } from './trace-headers.ts';
export { formatTraceparent, parseTraceparent } from './traceparent.ts';
export { createTracer, type Tracer } from './tracer.ts';
