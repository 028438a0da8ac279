import type { KubernetesObject, ResourceType } from '../../../controller/index.ts';
import { NAMESPACE, selectorOf, ZTUNNEL } from '../objects/manifest.ts';
import type { Cluster } from './cluster.ts';
import { missingOf, missingText, NOT_BEGUN } from './rollout-status.ts';

/**
 * What the rollout of our DaemonSet still waits for, or undefined.
 *
 * Its status counts the oldest pod of each node. One that has handed over and lets its connections end, for an hour if need be,
 * is older than the one that does its work, so while the status is not complete the pods are counted.
 */
export async function missingZtunnels(cluster: Cluster): Promise<string | undefined> {
  const daemonSet = await cluster.find({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: ZTUNNEL, namespace: NAMESPACE },
  });
  const missing = missingOf(daemonSet);
  if (daemonSet === undefined || missing === undefined || missing === NOT_BEGUN) return missing;
  const { desiredNumberScheduled: wanted = 0 } = (daemonSet.status ?? {}) as {
    readonly desiredNumberScheduled?: number;
  };
  const newest = newestOf(await listOwn(cluster, REVISIONS, 'ztunnel'));
  const pods = await ztunnelPods(cluster);
  const updated = pods.filter(({ metadata }) => newest !== undefined && metadata.labels?.[HASH] === newest);
  return missingText({
    wanted,
    updated: nodesOf(updated).size,
    available: nodesOf(updated.filter(isReady)).size,
  });
}

/** Those that stay: not the ones that have handed over and drain. */
export async function ztunnelPods(cluster: Cluster): Promise<readonly KubernetesObject[]> {
  const pods = await podsOf(cluster, 'ztunnel');
  return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** All pods of a component of ours, those that end among them. */
export function podsOf(cluster: Cluster, component: string): Promise<readonly KubernetesObject[]> {
  return listOwn(cluster, PODS, component);
}

/** Whether a pod says that it is ready. */
export function isReady({ status }: KubernetesObject): boolean {
  const { conditions } = (status ?? {}) as {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[] | null;
  };
  return (conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True');
}

async function listOwn(
  { api }: Cluster,
  resource: ResourceType,
  component: string,
): Promise<readonly KubernetesObject[]> {
  const labelSelector = Object.entries(selectorOf(component))
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(',');
  const found: KubernetesObject[] = [];
  let next: string | undefined;
  do {
    const page = await api.list({ resource, namespace: NAMESPACE }, { limit: 500, next, labelSelector });
    found.push(...page.items);
    next = page.next;
  } while (next !== undefined);
  return found;
}

/** The hash that pods of the newest revision carry. */
function newestOf(revisions: readonly KubernetesObject[]): string | undefined {
  const numberOf = ({ revision }: KubernetesObject): number => Number(revision ?? 0);
  return revisions.toSorted((one, other) => numberOf(other) - numberOf(one))[0]?.metadata.labels?.[HASH];
}

function nodesOf(pods: readonly KubernetesObject[]): ReadonlySet<string> {
  return new Set(pods.flatMap(({ spec }) => ((spec ?? {}) as { readonly nodeName?: string }).nodeName ?? []));
}

const HASH = 'controller-revision-hash';
const PODS: ResourceType = { group: '', version: 'v1', plural: 'pods', namespaced: true };
const REVISIONS: ResourceType = {
  group: 'apps',
  version: 'v1',
  plural: 'controllerrevisions',
  namespaced: true,
};
