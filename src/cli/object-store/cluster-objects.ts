import type { KubernetesObject, ResourceTarget } from '../../controller/index.ts';
import type { KubeObject } from '../../lab/cluster/objects/index.ts';
import type { Cluster } from '../install/cluster/cluster.ts';

/** Objects of a cluster in the shape that those of a lab have. */
export interface ObjectReader {
  /** Kinds that this reader knows and the cluster serves. */
  kinds(): Promise<readonly string[]>;
  objects(kind: string, namespace?: string, name?: string): Promise<readonly KubeObject[]>;
  /** Where an object of a known kind has its place; undefined: the cluster does not serve the kind. */
  place(kind: string, name: string, namespace?: string): Promise<ObjectPlace | undefined>;
}

/** Where the objects of a kind are asked for. */
export interface ObjectPlace {
  readonly apiVersion: string;
  readonly target: ResourceTarget;
}

/** Rejects with KubernetesError: what may not be read is not taken for absent. */
export function clusterObjects(cluster: Cluster): ObjectReader {
  const reader: ObjectReader = {
    async kinds() {
      const served = await Promise.all(
        [...VERSIONS.keys()].map(async (kind) =>
          (await reader.place(kind, '')) === undefined ? [] : [kind],
        ),
      );
      return served.flat();
    },
    async place(kind, name, namespace) {
      const metadata = namespace === undefined || namespace === '' ? { name } : { name, namespace };
      for (const apiVersion of VERSIONS.get(kind) ?? []) {
        const target = await cluster.targetOf({ apiVersion, kind, metadata });
        if (target !== undefined) return { apiVersion, target };
      }
      return undefined;
    },
    async objects(kind, namespace, name) {
      const place = await reader.place(kind, name ?? '', namespace);
      if (place === undefined) return [];
      const { apiVersion, target } = place;
      const shaped = (object: KubernetesObject): KubeObject => inShape(object, apiVersion, kind);
      if (name !== undefined) {
        const found = await cluster.find({ apiVersion, kind, metadata: nameOf(target) });
        return found === undefined ? [] : [shaped(found)];
      }
      const { resource } = target;
      const items: KubernetesObject[] = [];
      const { listPages } = await import('../../controller/kubernetes/index.ts');
      const collection = { resource, namespace: target.namespace };
      for await (const page of listPages(cluster.api, collection, { limit: PAGE })) items.push(...page.items);
      return items.map(shaped);
    },
  };
  return reader;
}

function nameOf({ name, namespace }: ResourceTarget): { readonly name: string; readonly namespace?: string } {
  return namespace === undefined ? { name } : { name, namespace };
}

/** Items of a list have neither version nor kind, and the API server leaves out what is empty. */
function inShape(object: KubernetesObject, apiVersion: string, kind: string): KubeObject {
  const { metadata } = object;
  return {
    ...object,
    apiVersion,
    kind,
    metadata: {
      ...metadata,
      name: metadata.name ?? '',
      namespace: metadata.namespace ?? '',
      uid: metadata.uid ?? '',
      resourceVersion: metadata.resourceVersion ?? '',
      generation: metadata.generation ?? 0,
      creationTimestamp: String(metadata.creationTimestamp ?? ''),
      labels: metadata.labels ?? {},
      annotations: metadata.annotations ?? {},
    },
  };
}

const PAGE = 500;

const GATEWAY_API = 'gateway.networking.k8s.io';

/** What `analyze` looks at, and in which versions, the one liked best first. Secrets are nobody's business here. */
const VERSIONS: ReadonlyMap<string, readonly string[]> = new Map(
  (
    [
      [['v1'], ['Namespace', 'Node', 'ServiceAccount', 'ConfigMap', 'Service', 'Pod']],
      [['apps/v1'], ['Deployment', 'StatefulSet', 'DaemonSet']],
      [['batch/v1'], ['Job', 'CronJob']],
      [['discovery.k8s.io/v1'], ['EndpointSlice']],
      [['networking.k8s.io/v1'], ['NetworkPolicy']],
      [
        [`${GATEWAY_API}/v1`, `${GATEWAY_API}/v1beta1`],
        ['GatewayClass', 'Gateway', 'HTTPRoute', 'GRPCRoute', 'ReferenceGrant'],
      ],
      [
        [`${GATEWAY_API}/v1`, `${GATEWAY_API}/v1alpha3`, `${GATEWAY_API}/v1alpha2`],
        ['TCPRoute', 'TLSRoute'],
      ],
      [['gateway.networking.x-k8s.io/v1alpha1'], ['XBackendTrafficPolicy']],
      [
        ['security.istio.io/v1', 'security.istio.io/v1beta1'],
        ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication'],
      ],
      [['telemetry.istio.io/v1', 'telemetry.istio.io/v1alpha1'], ['Telemetry']],
      [
        ['networking.istio.io/v1', 'networking.istio.io/v1beta1', 'networking.istio.io/v1alpha3'],
        ['VirtualService', 'DestinationRule', 'ServiceEntry', 'WorkloadEntry', 'Sidecar'],
      ],
      [['nodemesh.io/v1alpha1'], ['RateLimit', 'FaultInjection', 'Filter', 'TrafficPolicy']],
    ] as const
  ).flatMap(([versions, kinds]) => kinds.map((kind) => [kind, versions] as const)),
);
