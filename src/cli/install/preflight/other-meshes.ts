import { shortList } from '../../terminal/index.ts';
import { type CheckResult, resultsOf } from '../../check/check-result.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { NAMESPACE } from '../objects/manifest.ts';
import type { InstallSettings } from '../objects/settings.ts';
import { sharedRoots } from './shared-roots.ts';

const { ok, warning, failed } = resultsOf('cluster');

/** What an installation has to say about another mesh. */
export type MeshChoice = Pick<InstallSettings, 'sideBySide' | 'sharedRoots' | 'trustDomain'>;

/** Whether ours can be beside them. Rejects with KubernetesError. */
export async function otherMeshes(cluster: Cluster, settings: MeshChoice): Promise<readonly CheckResult[]> {
  const found = await findMeshes(cluster);
  const name = 'other meshes';
  if (found.length === 0) return [ok(name, 'none')];
  // Istio has two of them, and what is to be said of it is said once.
  const results = await Promise.all(
    [...Map.groupBy(found, ({ mesh }) => mesh)].map(async ([mesh, parts]) => {
      const seen = `${mesh} (daemonset ${parts.map(({ daemonSet }) => daemonSet).join(', ')})`;
      return mesh === 'Istio ambient'
        ? await besideIstio(cluster, seen, settings)
        : warning(name, seen, HINTS[mesh]);
    }),
  );
  return [...results, ...(await rootsBeside(cluster, settings, found))];
}

/** Whether ours and Istio's believe each other, where the settings say that they do; empty where they do not, or no Istio is there. */
export async function rootsBesideIstio(
  cluster: Cluster,
  settings: MeshChoice,
): Promise<readonly CheckResult[]> {
  return await rootsBeside(cluster, settings, await findMeshes(cluster));
}

async function rootsBeside(
  cluster: Cluster,
  settings: MeshChoice,
  found: readonly FoundMesh[],
): Promise<readonly CheckResult[]> {
  const istio = found.find(({ mesh }) => mesh === 'Istio ambient');
  if (!settings.sideBySide || !settings.sharedRoots || istio === undefined) return [];
  return await sharedRoots(cluster, istio.namespace, settings);
}

type MeshName = 'Istio ambient' | 'Linkerd' | 'Cilium';

interface FoundMesh {
  readonly mesh: MeshName;
  readonly namespace: string;
  readonly daemonSet: string;
}

async function findMeshes(cluster: Cluster): Promise<readonly FoundMesh[]> {
  return (await cluster.list('apps/v1', 'DaemonSet')).flatMap(
    ({ metadata: { name = '', namespace = '' } }) => {
      const mesh = namespace === NAMESPACE ? undefined : MESHES.get(name);
      return mesh === undefined ? [] : [{ mesh, namespace, daemonSet: `${namespace}/${name}` }];
    },
  );
}

/** It follows the label that we follow: what it has captured must have ours, which wins here and which it does not know. */
async function besideIstio(
  cluster: Cluster,
  where: string,
  { sideBySide }: Pick<MeshChoice, 'sideBySide'>,
): Promise<CheckResult> {
  const name = 'other meshes';
  if (sideBySide) return ok(name, `${where}, side by side: its labels stay its own`);
  const selector = 'istio.io/dataplane-mode=ambient,!nodemesh.io/dataplane-mode';
  const shared = [
    ...(await cluster.list('v1', 'Namespace', selector)),
    ...(await cluster.list('v1', 'Pod', selector)),
  ].map(
    ({ metadata }) =>
      `${metadata.namespace === undefined ? 'namespace ' : `pod ${metadata.namespace}/`}${metadata.name}`,
  );
  if (shared.length === 0) return ok(name, `${where}, and nothing that both would capture`);
  return failed(
    name,
    `${where}: both would capture ${shortList(shared)}`,
    '--side-by-side leaves all that is labelled for Istio to Istio: docs/moving-from-istio.md',
  );
}

const MESHES: ReadonlyMap<string, MeshName> = new Map([
  ['ztunnel', 'Istio ambient'],
  ['istio-cni-node', 'Istio ambient'],
  ['linkerd-cni', 'Linkerd'],
  ['cilium', 'Cilium'],
]);
const HINTS = {
  Linkerd:
    'pods with its sidecar are to stay outside of the mesh until it is gone: docs/moving-from-linkerd.md',
  Cilium:
    'it must leave other CNI plugins alone (cni.exclusive=false), and its socket load balancing must be for the host alone (socketLB.hostNamespaceOnly=true)',
} as const;
