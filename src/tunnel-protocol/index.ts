export type { TunnelConfig, TunnelOptions } from './config.ts';
export { connectTunnelSession } from './endpoint/client-session.ts';
export { createTunnelServer } from './endpoint/server.ts';
export { TUNNEL_ERROR_CODES, TunnelError, type TunnelErrorCode } from './errors.ts';
export { type Authority, formatTunnelAuthority, parseAuthority } from './head/authority.ts';
export { type Baggage, formatBaggage, parseBaggage } from './head/baggage.ts';
export { type Forwarded, formatForwarded, parseForwarded } from './head/forwarded.ts';
export type { TunnelRefusal } from './head/refusal.ts';
export type { TunnelRequestHead, TunnelResponseHeaders } from './head/request-head.ts';
export { createTunnelPool } from './pool/create-tunnel-pool.ts';
export type { PooledSession, TunnelPool } from './pool/tunnel-pool.ts';
export type {
  BadRequest,
  IncomingTunnel,
  SocketAddress,
  TunnelServer,
  TunnelServerOptions,
} from './server.ts';
export type { OpenedTunnel, SessionOptions, SessionState, TunnelSession, TunnelStream } from './session.ts';
export type { TunnelTransport } from './session.ts';
