import type { KubernetesObject } from '../../../controller/index.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { describeObject } from '../cluster/apply-objects.ts';
import { NAMESPACE } from '../objects/manifest.ts';
import type { WaitOptions } from '../cluster/rollout.ts';
import { waitUntil } from '../cluster/wait.ts';

/** A namespace or pod with a label that puts it into the mesh. */
export interface Enrolled {
  readonly apiVersion: 'v1';
  readonly kind: 'Namespace' | 'Pod';
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly labels: readonly string[];
}

/** Side by side with another mesh, what Istio's names say is that one's. */
export interface Claims {
  readonly sideBySide: boolean;
}

/** Rejects with KubernetesError. */
export async function enrolledObjects(
  cluster: Cluster,
  { sideBySide }: Claims,
): Promise<readonly Enrolled[]> {
  const found: Enrolled[] = [];
  for (const kind of ['Namespace', 'Pod'] as const) {
    const byName = new Map<string, Enrolled>();
    for (const label of sideBySide ? [OWN_MODE] : [OWN_MODE, 'istio.io/dataplane-mode'])
      for (const { metadata } of await cluster.list('v1', kind, `${label}=ambient`)) {
        const { name = '', namespace } = metadata;
        const key = `${namespace ?? ''}/${name}`;
        byName.set(key, {
          apiVersion: 'v1',
          kind,
          metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
          labels: [...(byName.get(key)?.labels ?? []), label],
        });
      }
    found.push(...byName.values());
  }
  return found;
}

/**
 * Takes the labels off and waits until no pod is captured any more; what is connected stays connected. Rejects with
 * KubernetesError or ERR_CLI_TIMEOUT.
 */
export async function leaveTheMesh(
  cluster: Cluster,
  enrolled: readonly Enrolled[],
  { sideBySide, ...wait }: WaitOptions & Claims,
): Promise<void> {
  const marks = sideBySide ? [OWN_MARK] : [OWN_MARK, 'ambient.istio.io/redirection'];
  const isCaptured = ({ metadata: { annotations = {} } }: KubernetesObject): boolean =>
    marks.some((name) => annotations[name] === 'enabled');
  for (const { labels, ...object } of enrolled) {
    const change = { metadata: { labels: Object.fromEntries(labels.map((label) => [label, null])) } };
    // A pod may have ended since it was listed.
    const wasThere = await cluster.merge(object, change);
    wait.progress.done(
      `${describeObject(object)} ${wasThere ? 'is not to be in the mesh any more' : 'is gone'}`,
    );
  }
  await waitUntil(
    async () => {
      const captured = (await cluster.list('v1', 'Pod')).filter(isCaptured);
      const [first] = captured;
      if (first === undefined) return undefined;
      const { name, namespace } = first.metadata;
      return `${captured.length} pods are captured, ${namespace}/${name} among them`;
    },
    {
      ...wait,
      what: 'every pod has left the mesh',
      hint: `the controller must run for that: kubectl -n ${NAMESPACE} get pods; --force goes on without`,
    },
  );
}

const OWN_MODE = 'nodemesh.io/dataplane-mode';
const OWN_MARK = 'nodemesh.io/redirection';
