import type { Logger } from '../../base/index.ts';
import type { Cluster } from '../cluster/index.ts';
import { controllerOf } from './ownership.ts';
import { type ReconcileLoop, startReconcileLoop } from './reconcile-loop.ts';

/** Deletes what a vanished owner leaves behind. */
export function startGarbageCollector(cluster: Cluster, log: Logger): ReconcileLoop {
  const { store } = cluster;
  return startReconcileLoop({
    name: 'garbage collector',
    store,
    log,
    concerns: ({ type, object }) => (type === 'remove' ? [object.metadata.uid] : []),
    reconcile(uid) {
      for (const kind of ['ReplicaSet', 'Pod', 'EndpointSlice'] as const) {
        for (const object of store.list(kind)) {
          if (controllerOf(object)?.uid !== uid) continue;
          cluster.delete(kind, object.metadata.namespace, object.metadata.name);
        }
      }
    },
  });
}
