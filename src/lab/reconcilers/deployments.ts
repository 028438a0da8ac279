import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../../base/index.ts';
import type { Cluster } from '../cluster/index.ts';
import {
  type DeploymentObject,
  isTerminating,
  type PodTemplate,
  type ReplicaSetObject,
  withCondition,
} from '../cluster/objects/index.ts';
import { ownedBy, ownerKeys } from './ownership.ts';
import { keyOf, type ReconcileLoop, splitKey, startReconcileLoop } from './reconcile-loop.ts';
import { planRollout, type RolloutSet, rolloutLimits } from './rollout.ts';

const HASH_LABEL = 'pod-template-hash';

/** One ReplicaSet per template; replicas move from the old ones to the new one within the rollout's limits. */
export function startDeployments(cluster: Cluster, log: Logger): ReconcileLoop {
  const { store } = cluster;
  return startReconcileLoop({
    name: 'deployments',
    store,
    log,
    concerns({ object }) {
      if (object.kind === 'Deployment') return [keyOf(object)];
      if (object.kind === 'ReplicaSet') return ownerKeys(object, 'Deployment');
      return [];
    },
    reconcile(key) {
      const [namespace, name] = splitKey(key);
      const deployment = store.get('Deployment', namespace, name);
      if (deployment === undefined) return;
      const hash = templateHash(deployment.spec.template);
      const sets = ownedBy(store, 'ReplicaSet', deployment);
      const current = sets.find(({ metadata }) => metadata.labels[HASH_LABEL] === hash);
      if (current === undefined) {
        createReplicaSet(cluster, deployment, hash);
        return;
      }
      const old = sets.filter((set) => set !== current);
      rollOut(cluster, deployment, current, old);
      writeStatus(cluster, deployment, current, old);
    },
  });
}

function rollOut(
  cluster: Cluster,
  deployment: DeploymentObject,
  current: ReplicaSetObject,
  old: readonly ReplicaSetObject[],
): void {
  const { store } = cluster;
  const asSet = (set: ReplicaSetObject): RolloutSet => ({
    name: set.metadata.name,
    replicas: set.spec.replicas,
    ready: set.status?.readyReplicas ?? 0,
    // A pod that is being deleted still counts where everything old must be gone first (Recreate).
    present: ownedBy(store, 'Pod', set).length,
  });
  const wanted = deployment.spec.replicas ?? 1;
  const scales = planRollout(asSet(current), old.map(asSet), rolloutLimits(wanted, deployment.spec.strategy));
  const { namespace } = deployment.metadata;
  for (const [name, replicas] of scales) {
    store.update('ReplicaSet', namespace, name, (set) =>
      set.spec.replicas === replicas ? set : { ...set, spec: { ...set.spec, replicas } },
    );
  }
  for (const set of old) {
    if (set.spec.replicas === 0 && ownedBy(store, 'Pod', set).every(isTerminating))
      store.remove('ReplicaSet', namespace, set.metadata.name);
  }
}

function createReplicaSet(cluster: Cluster, deployment: DeploymentObject, hash: string): void {
  const { template, selector, replicas = 1 } = deployment.spec;
  const { name, namespace } = deployment.metadata;
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash };
  const isFirst = ownedBy(cluster.store, 'ReplicaSet', deployment).length === 0;
  cluster.create(
    {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: `${name}-${hash}`, namespace, labels },
      spec: {
        replicas: isFirst ? replicas : 0,
        selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    },
    deployment,
  );
}

function writeStatus(
  cluster: Cluster,
  deployment: DeploymentObject,
  current: ReplicaSetObject,
  old: readonly ReplicaSetObject[],
): void {
  const sum = (of: (set: ReplicaSetObject) => number): number =>
    [current, ...old].reduce((n, set) => n + of(set), 0);
  const wanted = deployment.spec.replicas ?? 1;
  const readyReplicas = sum((set) => set.status?.readyReplicas ?? 0);
  const updatedReplicas = current.status?.replicas ?? 0;
  const { minimumReady } = rolloutLimits(wanted, deployment.spec.strategy);
  const complete =
    updatedReplicas === wanted &&
    (current.status?.readyReplicas ?? 0) >= wanted &&
    sum((s) => s.spec.replicas) === wanted;
  const { namespace, name, generation } = deployment.metadata;
  cluster.store.update('Deployment', namespace, name, (object) => {
    const available = withCondition(object.status?.conditions, {
      type: 'Available',
      status: readyReplicas >= minimumReady ? 'True' : 'False',
    });
    const conditions = withCondition(available, {
      type: 'Progressing',
      status: 'True',
      reason: complete ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
    });
    const status = {
      observedGeneration: generation,
      replicas: sum((set) => set.status?.replicas ?? 0),
      updatedReplicas,
      readyReplicas,
      availableReplicas: readyReplicas,
      conditions,
    };
    return isDeepStrictEqual(object.status, status) ? object : { ...object, status };
  });
}

/** Equal templates have equal hashes: going back to an old template finds its ReplicaSet again. */
export function templateHash(template: PodTemplate): string {
  return createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 10);
}
