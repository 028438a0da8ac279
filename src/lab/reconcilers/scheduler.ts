import type { Logger } from '../../base/index.ts';
import type { Cluster, EventRecorder } from '../cluster/index.ts';
import { isFinished, type NodeObject, type PodObject, withCondition } from '../cluster/objects/index.ts';
import { keyOf, type ReconcileLoop, splitKey, startReconcileLoop } from './reconcile-loop.ts';

/** Gives each pod a node: spread by workload first, then by number of pods; nodeSelector and nodeName are respected. */
export function startScheduler(cluster: Cluster, events: EventRecorder, log: Logger): ReconcileLoop {
  const { store } = cluster;
  return startReconcileLoop({
    name: 'scheduler',
    store,
    log,
    concerns({ type, object }) {
      if (object.kind === 'Node' && type === 'put') return store.list('Pod').filter(isUnscheduled).map(keyOf);
      return object.kind === 'Pod' && type === 'put' ? [keyOf(object)] : [];
    },
    reconcile(key) {
      const [namespace, name] = splitKey(key);
      const pod = store.get('Pod', namespace, name);
      if (pod === undefined || isScheduled(pod)) return;
      const node = pickNode(store.list('Node'), store.list('Pod'), pod);
      if (node === undefined) {
        events.warning(pod, 'FailedScheduling', `no node fits: ${describeWish(pod)}`);
        return;
      }
      store.update('Pod', namespace, name, (current) => ({
        ...current,
        spec: { ...current.spec, nodeName: node.metadata.name },
        status: {
          ...(current.status ?? { phase: 'Pending' }),
          conditions: withCondition(current.status?.conditions, { type: 'PodScheduled', status: 'True' }),
        },
      }));
    },
  });
}

function isUnscheduled(pod: PodObject): boolean {
  return pod.spec.nodeName === undefined;
}

function isScheduled(pod: PodObject): boolean {
  return (
    pod.status?.conditions?.some(({ type, status }) => type === 'PodScheduled' && status === 'True') ?? false
  );
}

function pickNode(
  nodes: readonly NodeObject[],
  pods: readonly PodObject[],
  pod: PodObject,
): NodeObject | undefined {
  const owner = pod.metadata.ownerReferences?.[0]?.uid;
  const load = (node: NodeObject): readonly [siblings: number, total: number] => {
    const here = pods.filter((other) => other.spec.nodeName === node.metadata.name && !isFinished(other));
    const siblings = here.filter(
      (other) => owner !== undefined && other.metadata.ownerReferences?.[0]?.uid === owner,
    );
    return [siblings.length, here.length];
  };
  return nodes
    .filter((node) => fits(node, pod))
    .map((node) => ({ node, load: load(node) }))
    .sort((a, b) => a.load[0] - b.load[0] || a.load[1] - b.load[1])[0]?.node;
}

function fits(node: NodeObject, { spec }: PodObject): boolean {
  if (spec.nodeName !== undefined) return node.metadata.name === spec.nodeName;
  return Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => node.metadata.labels[key] === value);
}

function describeWish({ spec }: PodObject): string {
  return JSON.stringify({ nodeName: spec.nodeName, nodeSelector: spec.nodeSelector });
}
