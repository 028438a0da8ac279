import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../../base/index.ts';
import type { Cluster } from '../cluster/index.ts';
import {
  isFinished,
  isReady,
  isTerminating,
  type PodObject,
  type ReplicaSetObject,
} from '../cluster/objects/index.ts';
import { ownedBy, ownerKeys } from './ownership.ts';
import { keyOf, type ReconcileLoop, splitKey, startReconcileLoop } from './reconcile-loop.ts';

/** Keeps as many pods of a template as the ReplicaSet asks for. */
export function startReplicaSets(cluster: Cluster, log: Logger): ReconcileLoop {
  const { store } = cluster;
  return startReconcileLoop({
    name: 'replica sets',
    store,
    log,
    concerns({ object }) {
      return object.kind === 'ReplicaSet' ? [keyOf(object)] : ownerKeys(object, 'ReplicaSet');
    },
    reconcile(key) {
      const [namespace, name] = splitKey(key);
      const set = store.get('ReplicaSet', namespace, name);
      if (set === undefined) return;
      const pods = ownedBy(store, 'Pod', set).filter((pod) => !isTerminating(pod) && !isFinished(pod));
      for (let missing = set.spec.replicas - pods.length; missing > 0; missing--) createPod(cluster, set);
      for (const pod of surplus(pods, set.spec.replicas)) cluster.delete('Pod', namespace, pod.metadata.name);
      const readyReplicas = pods.filter(isReady).length;
      const status = { replicas: pods.length, readyReplicas, availableReplicas: readyReplicas };
      store.update('ReplicaSet', namespace, name, (current) =>
        isDeepStrictEqual(current.status, status) ? current : { ...current, status },
      );
    },
  });
}

function createPod(cluster: Cluster, set: ReplicaSetObject): void {
  const { template } = set.spec;
  cluster.create(
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${set.metadata.name}-${randomSuffix()}`,
        namespace: set.metadata.namespace,
        generateName: `${set.metadata.name}-`,
        labels: { ...template.metadata?.labels },
        annotations: { ...template.metadata?.annotations },
      },
      spec: template.spec,
    },
    set,
  );
}

/** Those that are furthest from serving go first, and of equals the youngest. */
function surplus(pods: readonly PodObject[], wanted: number): readonly PodObject[] {
  if (pods.length <= wanted) return [];
  const rank = (pod: PodObject): number => (pod.spec.nodeName === undefined ? 0 : isReady(pod) ? 2 : 1);
  return [...pods]
    .sort(
      (a, b) => rank(a) - rank(b) || b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp),
    )
    .slice(0, pods.length - wanted);
}

/** Five characters that Kubernetes' own names are made of: no vowels, nothing that looks like another. */
export function randomSuffix(): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  return [...randomBytes(5)].map((byte) => alphabet[byte % alphabet.length]).join('');
}
