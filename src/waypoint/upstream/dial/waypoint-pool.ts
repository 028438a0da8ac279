import type { Logger } from '../../../base/index.ts';
import {
  createWorkloadSessionPool,
  type SessionPool,
  type SessionPoolOptions,
} from '../../../proxy/index.ts';

/** As for any pool, but for what a waypoint does not choose. */
export interface WaypointPoolOptions extends Omit<SessionPoolOptions, 'namespace' | 'mark'> {
  readonly log: Logger;
}

/**
 * The tunnels to pods, opened from the waypoint's own namespace, which nobody captures. Those with a revoked peer are cut when that is
 * told.
 */
export function createWaypointPool({ log, ...options }: WaypointPoolOptions): SessionPool {
  const { identity } = options;
  const pool = createWorkloadSessionPool({ ...options, namespace: undefined, mark: undefined });
  const unsubscribe = identity.revocations.subscribe(() => {
    identity.svid().then(
      // The certificate in use brings the newest lists.
      (svid) => pool.reviewRevocations(svid),
      (error: unknown) => log.error('sessions could not be held against new revocation lists', { error }),
    );
  });
  return {
    ...pool,
    close() {
      unsubscribe();
      return pool.close();
    },
    destroy(cause) {
      unsubscribe();
      pool.destroy(cause);
    },
  };
}
