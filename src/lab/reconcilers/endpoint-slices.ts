import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../../base/index.ts';
import type { Cluster, ObjectStore } from '../cluster/index.ts';
import {
  containerPortOf,
  isFinished,
  isReady,
  isTerminating,
  type PodObject,
  SERVICE_NAME_LABEL,
  type ServiceIpFamily,
  type ServiceObject,
  type SliceEndpoint,
  selects,
  ZONE_LABEL,
} from '../cluster/objects/index.ts';
import { ownedBy } from './ownership.ts';
import { keyOf, type ReconcileLoop, splitKey, startReconcileLoop } from './reconcile-loop.ts';

interface WantedSlice {
  readonly name: string;
  readonly addressType: ServiceIpFamily;
  readonly ports: readonly { name: string; port: number; protocol: string; appProtocol?: string }[];
  readonly endpoints: SliceEndpoint[];
}

/** Writes the addresses behind each service with a selector, with the conditions that Kubernetes gives them. */
export function startEndpointSlices(cluster: Cluster, log: Logger): ReconcileLoop {
  const { store } = cluster;
  return startReconcileLoop({
    name: 'endpoint slices',
    store,
    log,
    concerns({ object, previous }) {
      if (object.kind === 'Service') return [keyOf(object)];
      if (object.kind !== 'Pod') return [];
      return store
        .list('Service', object.metadata.namespace)
        .filter((service) =>
          [object, previous].some((pod) => pod !== undefined && isBehind(service, pod.metadata.labels)),
        )
        .map(keyOf);
    },
    reconcile(key) {
      const [namespace, name] = splitKey(key);
      const service = store.get('Service', namespace, name);
      if (service === undefined || service.spec.selector === undefined) return;
      const wanted = wantedSlices(store, service);
      const present = ownedBy(store, 'EndpointSlice', service);
      for (const slice of wanted) writeSlice(cluster, service, slice);
      for (const { metadata } of present) {
        if (!wanted.some((slice) => slice.name === metadata.name))
          store.remove('EndpointSlice', namespace, metadata.name);
      }
    },
  });
}

function isBehind(service: ServiceObject, labels: PodObject['metadata']['labels']): boolean {
  const { selector } = service.spec;
  return (
    selector !== undefined && Object.keys(selector).length > 0 && selects({ matchLabels: selector }, labels)
  );
}

/** One slice per address family and per way in which named ports resolve (pods may differ). */
function wantedSlices(store: ObjectStore, service: ServiceObject): readonly WantedSlice[] {
  const slices = new Map<string, WantedSlice>();
  const pods = store
    .list('Pod', service.metadata.namespace)
    .filter((pod) => isBehind(service, pod.metadata.labels) && !isFinished(pod));
  for (const addressType of service.spec.ipFamilies ?? ['IPv4' as const]) {
    for (const pod of pods) {
      const address = pod.status?.podIPs?.find(({ ip }) => ip.includes(':') === (addressType === 'IPv6'))?.ip;
      if (address === undefined) continue;
      const ports = portsOf(service, pod);
      const group = `${addressType}${JSON.stringify(ports)}`;
      let slice = slices.get(group);
      if (slice === undefined) {
        const suffix = addressType === 'IPv4' ? 'v4' : 'v6';
        const nth = [...slices.values()].filter((other) => other.addressType === addressType).length;
        const name = `${service.metadata.name}-${suffix}${nth === 0 ? '' : `-${nth}`}`;
        slice = { name, addressType, ports, endpoints: [] };
        slices.set(group, slice);
      }
      slice.endpoints.push(endpointOf(store, service, pod, address));
    }
  }
  return [...slices.values()];
}

function portsOf(service: ServiceObject, pod: PodObject): WantedSlice['ports'] {
  return (service.spec.ports ?? []).flatMap((port) => {
    const target = containerPortOf(pod.spec, port.targetPort ?? port.port);
    if (target === undefined) return [];
    const { appProtocol } = port;
    return [
      {
        name: port.name ?? '',
        port: target,
        protocol: port.protocol ?? 'TCP',
        ...(appProtocol === undefined ? {} : { appProtocol }),
      },
    ];
  });
}

function endpointOf(
  store: ObjectStore,
  service: ServiceObject,
  pod: PodObject,
  address: string,
): SliceEndpoint {
  const terminating = isTerminating(pod);
  const serving = isReady(pod) || service.spec.publishNotReadyAddresses === true;
  const { nodeName } = pod.spec;
  const zone =
    nodeName === undefined ? undefined : store.get('Node', '', nodeName)?.metadata.labels[ZONE_LABEL];
  const { name, namespace, uid } = pod.metadata;
  const isNamed = pod.spec.hostname !== undefined && pod.spec.subdomain === service.metadata.name;
  return {
    addresses: [address],
    conditions: {
      ready: service.spec.publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    },
    ...(isNamed && pod.spec.hostname !== undefined ? { hostname: pod.spec.hostname } : {}),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
    targetRef: { kind: 'Pod', name, namespace, uid },
  };
}

function writeSlice(cluster: Cluster, service: ServiceObject, slice: WantedSlice): void {
  const { store } = cluster;
  const { namespace, name } = service.metadata;
  const { addressType, ports, endpoints } = slice;
  if (store.get('EndpointSlice', namespace, slice.name) === undefined) {
    cluster.create(
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          name: slice.name,
          namespace,
          labels: {
            [SERVICE_NAME_LABEL]: name,
            'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
          },
        },
        addressType,
        ports,
        endpoints,
      },
      service,
    );
    return;
  }
  store.update('EndpointSlice', namespace, slice.name, (current) =>
    isDeepStrictEqual([current.ports, current.endpoints], [ports, endpoints])
      ? current
      : { ...current, addressType, ports, endpoints },
  );
}
