/** All that expressions can ask about; docs/access-log.md says what each is. */
export const ATTRIBUTES = {
  request: [
    ...['method', 'path', 'url_path', 'host', 'protocol', 'size', 'duration_ms', 'attempts'],
    ...['headers', 'route', 'trace', 'id', 'referer', 'useragent'],
  ],
  response: ['code', 'size', 'grpc_status'],
  source: ['address', 'port', 'namespace', 'workload', 'pod', 'principal'],
  destination: ['address', 'port', 'namespace', 'workload', 'pod', 'principal', 'service'],
  connection: [
    ...['mtls', 'direction', 'bytes_sent', 'bytes_received', 'duration_ms'],
    ...['failed', 'error', 'reason', 'policy'],
  ],
} as const satisfies Readonly<Record<string, readonly string[]>> as Readonly<
  Record<AttributeMap, readonly string[]>
>;

/** The attributes that have others inside. */
export type AttributeMap = 'request' | 'response' | 'source' | 'destination' | 'connection';
