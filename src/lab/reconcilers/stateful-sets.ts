import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../../base/index.ts';
import type { Cluster } from '../cluster/index.ts';
import { isReady, isTerminating, type PodObject, type StatefulSetObject } from '../cluster/objects/index.ts';
import { templateHash } from './deployments.ts';
import { ownedBy, ownerKeys } from './ownership.ts';
import { keyOf, type ReconcileLoop, splitKey, startReconcileLoop } from './reconcile-loop.ts';

const REVISION_LABEL = 'controller-revision-hash';

/** Pods with fixed names `<set>-0`, `<set>-1`, …: started in order, ended and updated from the last to the first. */
export function startStatefulSets(cluster: Cluster, log: Logger): ReconcileLoop {
  const { store } = cluster;
  return startReconcileLoop({
    name: 'stateful sets',
    store,
    log,
    concerns({ object }) {
      return object.kind === 'StatefulSet' ? [keyOf(object)] : ownerKeys(object, 'StatefulSet');
    },
    reconcile(key) {
      const [namespace, name] = splitKey(key);
      const set = store.get('StatefulSet', namespace, name);
      if (set === undefined) return;
      const pods = new Map(ownedBy(store, 'Pod', set).map((pod) => [ordinalOf(pod), pod]));
      step(cluster, set, pods);
      const running = [...pods.values()].filter((pod) => !isTerminating(pod));
      const readyReplicas = running.filter(isReady).length;
      const updatedReplicas = running.filter((pod) => isCurrent(pod, set)).length;
      const status = {
        observedGeneration: set.metadata.generation,
        replicas: running.length,
        readyReplicas,
        availableReplicas: readyReplicas,
        updatedReplicas,
      };
      store.update('StatefulSet', namespace, name, (current) =>
        isDeepStrictEqual(current.status, status) ? current : { ...current, status },
      );
    },
  });
}

function step(cluster: Cluster, set: StatefulSetObject, pods: ReadonlyMap<number, PodObject>): void {
  const { replicas = 1, podManagementPolicy = 'OrderedReady' } = set.spec;
  const { namespace } = set.metadata;
  const inOrder = podManagementPolicy === 'OrderedReady';
  for (let ordinal = 0; ordinal < replicas; ordinal++) {
    const pod = pods.get(ordinal);
    if (pod === undefined) createPod(cluster, set, ordinal);
    if (inOrder && (pod === undefined || !isReady(pod) || isTerminating(pod))) {
      // A pod that never gets ready must not keep a newer template from replacing it.
      if (pod !== undefined && !isTerminating(pod) && !isCurrent(pod, set))
        cluster.delete('Pod', namespace, pod.metadata.name);
      return;
    }
  }
  const fromLast = [...pods].sort(([a], [b]) => b - a);
  for (const [ordinal, pod] of fromLast) {
    if (ordinal < replicas && isCurrent(pod, set) && isReady(pod)) continue;
    if (!isTerminating(pod) && (ordinal >= replicas || !isCurrent(pod, set)))
      cluster.delete('Pod', namespace, pod.metadata.name);
    if (inOrder || ordinal < replicas) return;
  }
}

function createPod(cluster: Cluster, set: StatefulSetObject, ordinal: number): void {
  const { template, serviceName } = set.spec;
  const { namespace } = set.metadata;
  const name = `${set.metadata.name}-${ordinal}`;
  cluster.create(
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        namespace,
        labels: {
          ...template.metadata?.labels,
          [REVISION_LABEL]: templateHash(template),
          'statefulset.kubernetes.io/pod-name': name,
          'apps.kubernetes.io/pod-index': String(ordinal),
        },
        annotations: { ...template.metadata?.annotations },
      },
      spec: {
        ...template.spec,
        hostname: name,
        ...(serviceName === undefined ? {} : { subdomain: serviceName }),
      },
    },
    set,
  );
}

function isCurrent(pod: PodObject, set: StatefulSetObject): boolean {
  return pod.metadata.labels[REVISION_LABEL] === templateHash(set.spec.template);
}

function ordinalOf(pod: PodObject): number {
  return Number(pod.metadata.name.slice(pod.metadata.name.lastIndexOf('-') + 1));
}
