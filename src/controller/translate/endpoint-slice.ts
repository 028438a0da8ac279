import {
  type IpAddress,
  NO_WAYPOINT,
  type PortMapping,
  type Workload,
  type WorkloadUid,
} from '../../model/index.ts';
import { type EndpointSliceObject, objectKey, type SliceEndpoint } from '../objects/index.ts';
import type { MeshSettings } from './mesh-settings.ts';
import type { ServiceInfo } from './service.ts';
import { serviceHostname } from './service-hostname.ts';

/** The label by which a slice names its service. */
const SERVICE_NAME = 'kubernetes.io/service-name';

/** `<namespace>/<hostname>` of the service that the slice belongs to; undefined when it belongs to none. */
export function sliceServiceKey(slice: EndpointSliceObject, settings: MeshSettings): string | undefined {
  const name = slice.meta.labels.get(SERVICE_NAME);
  if (name === undefined || name === '') return undefined;
  return `${slice.meta.namespace}/${serviceHostname(name, slice.meta.namespace, settings.clusterDomain)}`;
}

/** The pods (`namespace/name`) that the slice points at. */
export function slicePods(slice: EndpointSliceObject): readonly string[] {
  return slice.endpoints.flatMap(({ target }) =>
    target !== undefined && isPodBeside(slice, target) ? [objectKey(target)] : [],
  );
}

/**
 * A service must not take to itself pods of another namespace: what its waypoint, or the lack of one, says of who may come to them
 * is for their own namespace to say.
 */
function isPodBeside({ meta }: EndpointSliceObject, target: NonNullable<SliceEndpoint['target']>): boolean {
  return target.kind === 'Pod' && target.namespace === meta.namespace;
}

/**
 * The endpoints that are not said to be pods of the slice's namespace: somebody wrote them by hand, and nothing is known of them but
 * their addresses. Its own pods are left out, for they say more about themselves than a slice does. `podAt`: the pod that has an
 * address and takes tunnels, of whatever namespace: to it no more leads than to whom it dials by that address, but no less either,
 * for nothing may go to it in clear text.
 */
export function translateEndpointSlice(
  slice: EndpointSliceObject,
  { info, podAt }: { readonly info: ServiceInfo; podAt(address: IpAddress): Workload | undefined },
  settings: MeshSettings,
): readonly Workload[] {
  if (slice.addressType === 'FQDN') return [];
  const ports = slicePorts(slice, info);
  const workloads = new Map<string, Workload>();
  for (const endpoint of slice.endpoints) {
    const { target, addresses } = endpoint;
    const [address] = addresses;
    if (address === undefined || (target !== undefined && isPodBeside(slice, target))) continue;
    const uid = `${settings.clusterId}/discovery.k8s.io/EndpointSlice/${objectKey(slice.meta)}/${address}`;
    // An address that is listed twice is one endpoint; the first entry counts.
    if (workloads.has(uid)) continue;
    const stranger = workloadOf({ slice, endpoint, ports, info, settings, uid: uid as WorkloadUid });
    workloads.set(uid, asPod(stranger, podAt(address)));
  }
  return [...workloads.values()];
}

function workloadOf(parts: {
  readonly slice: EndpointSliceObject;
  readonly endpoint: SliceEndpoint;
  readonly ports: readonly PortMapping[];
  readonly info: ServiceInfo;
  readonly settings: MeshSettings;
  readonly uid: WorkloadUid;
}): Workload {
  const { slice, endpoint, settings } = parts;
  return {
    uid: parts.uid,
    name: slice.meta.name,
    namespace: slice.meta.namespace,
    addresses: endpoint.addresses,
    hostname: '',
    network: settings.network,
    tunnelProtocol: 'none',
    nativeTunnel: false,
    trustDomain: settings.trustDomain,
    serviceAccount: 'default',
    ...NO_WAYPOINT,
    networkGateway: undefined,
    node: '',
    canonicalName: '',
    canonicalRevision: '',
    workloadType: 'deployment',
    workloadName: '',
    authorizationPolicies: [],
    status: endpoint.ready ? 'healthy' : 'unhealthy',
    clusterId: settings.clusterId,
    locality: { region: '', zone: '', subzone: '' },
    // The address may be anybody's, so it must not shadow a pod's.
    networkMode: 'host-network',
    capacity: 1,
    applicationTunnel: undefined,
    services: new Map([[parts.info.key, parts.ports]]),
  };
}

/** The endpoint of a service that is a pod beside: who it is, as the pod says; the rest as the slice. It is not one more of its node. */
function asPod(endpoint: Workload, pod: Workload | undefined): Workload {
  if (pod === undefined) return endpoint;
  const { uid, addresses, node, status, networkMode, services } = endpoint;
  return { ...pod, ...NO_WAYPOINT, uid, addresses, node, status, networkMode, services };
}

/** The slice knows ports by the service port's name and the endpoint's number. */
export function slicePorts(slice: EndpointSliceObject, info: ServiceInfo): readonly PortMapping[] {
  return slice.ports.flatMap((port) => {
    if (port.port === undefined || port.protocol !== 'TCP') return [];
    const own = info.ports.find((candidate) => candidate.name === (port.name ?? ''));
    if (own === undefined) return [];
    return [{ servicePort: own.servicePort, targetPort: port.port, appProtocol: 'unknown' as const }];
  });
}
