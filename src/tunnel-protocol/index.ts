export {
  type BufferAccount,
  type BufferBudget,
  type BufferBudgetOptions,
  createBufferBudget,
} from './buffer-budget.ts';
export { resolveTunnelConfig, type TunnelConfig, type TunnelOptions } from './config.ts';
export { TUNNEL_ERROR_CODES, TunnelError, type TunnelErrorCode } from './errors.ts';
export {
  type Authority,
  type Baggage,
  childTraceparent,
  type Forwarded,
  formatBaggage,
  formatForwarded,
  formatTraceparent,
  formatTunnelAuthority,
  parseAuthority,
  parseBaggage,
  parseForwarded,
  parseTraceparent,
  type Traceparent,
  type TunnelRequestHead,
  type TunnelResponseHeaders,
} from './head/index.ts';
export { connectTunnelSession, createTunnelPool, createTunnelServer } from './implementation.ts';
export type { PooledSession, TunnelPool } from './pool/tunnel-pool.ts';
export type {
  BadRequest,
  IncomingTunnel,
  SocketAddress,
  TunnelServer,
  TunnelServerOptions,
} from './server.ts';
export type {
  OpenedTunnel,
  SessionOptions,
  SessionState,
  TunnelSession,
  TunnelStream,
  TunnelTransport,
} from './session.ts';
