import type { Logger } from '../../base/index.ts';
import type { Cluster } from '../cluster/index.ts';
import type { KubeObject } from '../cluster/objects/index.ts';
import { type ReconcileLoop, startReconcileLoop } from './reconcile-loop.ts';

/** Deletes what a vanished owner leaves behind, unless another owner is still there. */
export function startGarbageCollector(cluster: Cluster, log: Logger): ReconcileLoop {
  const { store } = cluster;
  return startReconcileLoop({
    name: 'garbage collector',
    store,
    log,
    concerns({ type, object }) {
      if (type === 'remove') return [object.metadata.uid];
      // Made for an owner that has gone meanwhile.
      const { ownerReferences = [], namespace } = object.metadata;
      return ownerReferences.flatMap(({ kind, name, uid }) =>
        store.getAny(kind, namespace, name)?.metadata.uid === uid ? [] : [uid],
      );
    },
    reconcile(uid) {
      for (const kind of store.kinds()) {
        for (const object of store.listAny(kind)) {
          if (
            isOrphanOf(object, uid, (owner) =>
              store.getAny(owner.kind, object.metadata.namespace, owner.name),
            )
          )
            cluster.delete(kind, object.metadata.namespace, object.metadata.name);
        }
      }
    },
  });
}

type Owner = NonNullable<KubeObject['metadata']['ownerReferences']>[number];

function isOrphanOf(
  { metadata }: KubeObject,
  uid: string,
  find: (owner: Owner) => KubeObject | undefined,
): boolean {
  const owners = metadata.ownerReferences ?? [];
  return (
    owners.some((owner) => owner.uid === uid) &&
    owners.every((owner) => find(owner)?.metadata.uid !== owner.uid)
  );
}
