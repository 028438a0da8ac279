import type { Logger } from '../../base/index.ts';
import type { Cluster } from '../cluster/index.ts';
import { isNamespaced } from '../cluster/objects/index.ts';
import { type ReconcileLoop, startReconcileLoop } from './reconcile-loop.ts';

/** Gives each namespace its `default` service account, and empties one that is being deleted before it goes. */
export function startNamespaces(cluster: Cluster, log: Logger): ReconcileLoop {
  const { store } = cluster;
  return startReconcileLoop({
    name: 'namespaces',
    store,
    log,
    concerns: ({ object }) =>
      object.kind === 'Namespace' ? [object.metadata.name] : [object.metadata.namespace],
    reconcile(name) {
      const namespace = store.get('Namespace', '', name);
      if (namespace === undefined) return;
      if (namespace.metadata.deletionTimestamp === undefined) {
        if (store.get('ServiceAccount', name, 'default') !== undefined) return;
        cluster.apply({
          apiVersion: 'v1',
          kind: 'ServiceAccount',
          metadata: { name: 'default', namespace: name },
        });
        return;
      }
      // Owners first, so that nothing makes new pods while the old ones end.
      const kinds = store.kinds().filter((kind) => isNamespaced(kind) && kind !== 'Pod');
      for (const kind of [...kinds, 'Pod']) {
        for (const { metadata } of store.listAny(kind, name)) {
          if (kind === 'Pod' && metadata.deletionTimestamp !== undefined) continue;
          cluster.delete(kind, name, metadata.name);
        }
      }
      if (store.list('Pod', name).length === 0) store.remove('Namespace', '', name);
    },
  });
}
