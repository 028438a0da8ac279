export { type AccessLog, type AccessLogOptions, createAccessLog, ownWorkload } from './access-log.ts';
export { type AccessLine, type AccessOutput, allOutputs, logOutput } from './access-output.ts';
export type { AccessEnd, AccessRecord } from './access-record.ts';
export { type AccessSink, outputSink } from './access-sink.ts';
export { lineSink } from './line-sink.ts';
export { createRequestLog, type RequestLog } from './request-log.ts';
export type { RequestLogRecord } from './request-log-record.ts';
export {
  type AccessRules,
  type AccessRulesSource,
  ALL_RECORDS,
  compileAccessRules,
  unknownAttributes,
} from './rules/index.ts';
