import { connectNodeTunnelSession } from './node-http2/client-session.ts';
import { createNodeTunnelServer } from './node-http2/server.ts';
import { createSessionPool, type TunnelPool, type TunnelPoolOptions } from './pool/tunnel-pool.ts';

/** The HTTP/2 in use (docs/adr/0002): everything outside this folder comes through here. */
export const connectTunnelSession = connectNodeTunnelSession;

/** See `TunnelServerOptions`. */
export const createTunnelServer = createNodeTunnelServer;

/** See `TunnelPool`. */
export function createTunnelPool<Key>(
  options: Omit<TunnelPoolOptions<Key>, 'startSession'>,
): TunnelPool<Key> {
  return createSessionPool({ ...options, startSession: connectTunnelSession });
}
