import { GATEWAY_API_HINT, type Cluster } from '../install/index.ts';
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
      await cluster.api.patch(target, { type: 'apply', body: { ...object, apiVersion }, force: true });
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
