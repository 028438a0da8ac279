import { CliError } from '../../errors.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { type Fields, type Manifest, meta, NAMESPACE, ZTUNNEL } from '../objects/manifest.ts';
import type { InstallSettings } from '../objects/settings.ts';
import { CLEAN_UP_COMPONENT, cleanUpLike, cleanUpObject, cleanUpWith } from './clean-up-objects.ts';

/**
 * What is to clean the nodes. It is made like the ztunnels that run, whoever has installed them: only these tell of an image,
 * of folders for CNI plugins and of nodes that somebody has chosen. Where they have gone it is what an `uninstall` before this
 * one has recorded, else by `settings`. Rejects with KubernetesError or ERR_CLI_CLUSTER.
 */
export async function findCleanUp(cluster: Cluster, settings: InstallSettings): Promise<Manifest> {
  const metadata = { name: ZTUNNEL, namespace: NAMESPACE };
  const ztunnels = await cluster.find({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata });
  if (ztunnels !== undefined) return cleanUpLike(ztunnels);
  const { [KEY]: text } = ((await cluster.find(CLEAN_UP_RECORD))?.data ?? {}) as Readonly<
    Record<string, string>
  >;
  return text === undefined ? cleanUpObject(settings) : cleanUpWith(specIn(text));
}

/** Says what is to clean the nodes when the ztunnels it was made like are no more, and this `uninstall` neither. */
export function cleanUpRecord({ spec = {} }: Manifest): Manifest {
  return { ...CLEAN_UP_RECORD, data: { [KEY]: JSON.stringify(spec) } };
}

function specIn(text: string): Fields {
  try {
    const spec: unknown = JSON.parse(text);
    if (typeof spec === 'object' && spec !== null && 'template' in spec) return spec as Fields;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const { name, namespace } = CLEAN_UP_RECORD.metadata;
  throw new CliError({
    code: 'ERR_CLI_CLUSTER',
    blame: 'downstream',
    message: `configmap ${String(namespace)}/${name}: expected the specification of a DaemonSet in ${KEY}, got ${JSON.stringify(text.slice(0, MOST_SHOWN))}`,
    hint: `an uninstall before this one wrote it, and somebody has changed it since; without it nodes are cleaned by the settings of the installation: kubectl -n ${NAMESPACE} delete configmap ${name}`,
  });
}

const KEY = 'daemonset-spec.json';
const MOST_SHOWN = 100;
/** By name. */
export const CLEAN_UP_RECORD: Manifest = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: meta('nodemesh-clean-up', CLEAN_UP_COMPONENT),
};
