import { connectTunnelSession } from '../endpoint/client-session.ts';
import { createSessionPool, type TunnelPool, type TunnelPoolOptions } from './tunnel-pool.ts';

/** A pool over our own sessions. See `TunnelPool`. */
export function createTunnelPool<Key>(
  options: Omit<TunnelPoolOptions<Key>, 'startSession'>,
): TunnelPool<Key> {
  return createSessionPool({ ...options, startSession: connectTunnelSession });
}
