export { faultOfOutgoing } from './connection/header-rules.ts';
export { Http2Connection } from './connection/http2-connection.ts';
export type { Http2Stream } from './connection/http2-stream.ts';
export { ErrorCode, protocolFault } from './frame/index.ts';
export type { HeaderField } from './hpack/index.ts';
export { connectHttp2 } from './endpoint/client-connection.ts';
export { type ClientState, createClientEnd } from './endpoint/client-end.ts';
export { serveHttp2 } from './endpoint/server-connection.ts';
export { createTransport } from './endpoint/transport.ts';
