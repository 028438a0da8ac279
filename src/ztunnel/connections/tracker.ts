import type { MeshError } from '../../base/index.ts';
import type { SocketAddress, WorkloadUid } from '../../model/index.ts';
import type { ConnectionRecord, Direction, Protocol } from '../../proxy/index.ts';

/** A connection that lives, as `connections` and config_dump list it. */
export interface LiveConnection {
  /** The local pod that it belongs to. */
  readonly pod: WorkloadUid;
  readonly direction: Direction;
  readonly protocol: Protocol;
  readonly source: SocketAddress;
  /** What the client dialled, where that differs from where it went. */
  readonly dialled: string | undefined;
  readonly destination: SocketAddress;
  /** What else is known of it, since when it lives, and what it has carried. */
  readonly record: Pick<ConnectionRecord, 'details' | 'id' | 'ageMs' | 'bytes'>;
  /** Resets both of its sides. Idempotent. */
  cut(cause: MeshError): void;
}

/** All connections that live, by pod. */
export interface ConnectionTracker {
  /** Returns what to call once the connection is over. */
  add(connection: LiveConnection): () => void;
  of(pod: WorkloadUid): readonly LiveConnection[];
  readonly size: number;
}

/** Empty. Owns none of the connections. */
export function createConnectionTracker(): ConnectionTracker {
  const byPod = new Map<WorkloadUid, Set<LiveConnection>>();
  let size = 0;
  return {
    add(connection) {
      let live = byPod.get(connection.pod);
      if (live === undefined) {
        live = new Set();
        byPod.set(connection.pod, live);
      }
      live.add(connection);
      size += 1;
      return () => {
        if (!live.delete(connection)) return;
        size -= 1;
        if (live.size === 0 && byPod.get(connection.pod) === live) byPod.delete(connection.pod);
      };
    },
    of: (pod) => [...(byPod.get(pod) ?? [])],
    get size() {
      return size;
    },
  };
}
