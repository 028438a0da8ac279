import { MeshError } from '../../base/index.ts';
import { GATEWAY_API_HINT } from '../install/preflight/preflight.ts';
import type { Cluster } from '../install/cluster/cluster.ts';
import { CliError } from '../errors.ts';
import { clusterObjects, type ObjectPlace } from './cluster-objects.ts';
import type { ObjectStore } from './object-store.ts';

/** The objects of a cluster, as whoever the kubeconfig says. */
export function createClusterStore(cluster: Cluster): ObjectStore {
  const reader = clusterObjects(cluster);
  const placeOf = async (kind: string, name: string, namespace?: string): Promise<ObjectPlace> => {
    const place = await reader.place(kind, name, namespace);
    if (place !== undefined) return place;
    throw new CliError({
      code: 'ERR_CLI_CLUSTER',
      blame: 'upstream',
      message: `this cluster does not know the kind ${kind}`,
      hint: GATEWAY_API_HINT,
    });
  };
  return {
    tool: 'kubectl',
    objects: (kind, namespace, name) => reader.objects(kind, namespace, name),
    async apply(object) {
      const { apiVersion, target } = await placeOf(
        object.kind,
        object.metadata.name,
        object.metadata.namespace,
      );
      try {
        await cluster.api.patch(target, { type: 'apply', body: { ...object, apiVersion }, force: true });
      } catch (error) {
        throw withoutNamespace(error, target.namespace);
      }
    },
    async delete({ kind, namespace, name }) {
      const { target } = await placeOf(kind, name, namespace);
      await cluster.api.delete(target, { propagation: 'Background' });
    },
    async labelNamespace(name, labels) {
      const { target } = await placeOf('Namespace', name);
      await cluster.api.patch(target, { type: 'merge', body: { metadata: { labels } } });
    },
  };
}

/** The kind is known, so what is not found is the namespace. */
function withoutNamespace(error: unknown, namespace: string | undefined): unknown {
  if (!(error instanceof MeshError) || error.code !== 'ERR_KUBERNETES_NOT_FOUND') return error;
  return new CliError({
    code: 'ERR_CLI_PARTY',
    blame: 'downstream',
    message: `there is no namespace ${namespace}`,
    hint: `kubectl create namespace ${namespace}, or choose another with --namespace`,
    cause: error,
  });
}
