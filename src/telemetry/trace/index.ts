export {
  childSpan,
  type IncomingTrace,
  readTrace,
  type TraceContext,
  type TraceFormat,
  traceHeaders,
} from './trace-context.ts';
