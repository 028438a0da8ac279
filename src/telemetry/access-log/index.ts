export { type AccessLog, createAccessLog } from './access-log.ts';
export type { AccessEnd, AccessRecord, SocketAddress } from './access-record.ts';
export { createRequestLog, type RequestLog, type RequestLogRecord } from './request-log.ts';
