import type { MeshError } from '../../base/index.ts';
import type { ConnectionTracker, LiveConnection } from '../connections/tracker.ts';

/** The live connections of one proxy of a pod: another one may be draining beside it under the same pod's name. */
export interface PodConnections extends ConnectionTracker {
  /** Cuts all, and whatever is still added. */
  cutAll(cause: MeshError): void;
}

/** Empty. What is added is in `shared` too; after `cutAll` everything that comes is cut at once. */
export function createPodConnections(shared: ConnectionTracker): PodConnections {
  const live = new Set<LiveConnection>();
  let over: MeshError | undefined;
  return {
    add(connection) {
      // What was being dialled when everything else was cut.
      if (over !== undefined) connection.cut(over);
      live.add(connection);
      const release = shared.add(connection);
      return () => {
        live.delete(connection);
        release();
      };
    },
    of: (pod) => [...live].filter((connection) => connection.pod === pod),
    get size() {
      return live.size;
    },
    cutAll(cause) {
      over ??= cause;
      for (const connection of [...live]) connection.cut(cause);
    },
  };
}
