export { type AccessLog, type AccessLogOptions, createAccessLog } from './access-log.ts';
export { type AccessLine, type AccessOutput, allOutputs, logOutput } from './access-output.ts';
export type { AccessEnd, AccessRecord, SocketAddress } from './access-record.ts';
export { createRequestLog, type RequestLog, type RequestLogRecord } from './request-log.ts';
export { type AccessRules, type AccessRulesSource, ALL_RECORDS, compileAccessRules } from './rules/index.ts';
