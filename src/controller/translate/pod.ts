import {
  type Locality,
  NO_WAYPOINT,
  type PolicyKey,
  type PortMapping,
  type ServiceKey,
  type WaypointBinding,
  type Workload,
  type WorkloadUid,
} from '../../model/index.ts';
import type { NodeObject, PodObject } from '../objects/index.ts';
import type { MeshSettings } from './mesh-settings.ts';
import type { ServiceInfo } from './service.ts';
import { NATIVE_TUNNEL, REDIRECTION, REDIRECTION_ENABLED, readClaim, readTwin } from './twin-name.ts';
import { canonicalServiceOf, workloadNameOf } from './workload-name.ts';

/** What a pod's workload depends on beside the pod. */
export interface PodContext {
  /** The services that it is an endpoint of, in any order. */
  readonly services: readonly ServiceInfo[];
  /** Where a service has no selector, its slices say which ports of the pod are meant. Default: none is such. */
  readonly listedPorts?: ReadonlyMap<ServiceKey, readonly PortMapping[]> | undefined;
  readonly policies: readonly PolicyKey[];
  readonly node: NodeObject | undefined;
  /** Whether its node has it captured, where that is known better than by its annotation. */
  readonly captured?: boolean | undefined;
  /** What it is to be reached through when it is dialled by its own address. Default: nothing. */
  readonly binding?: WaypointBinding | undefined;
  /** It is a pod of one of our waypoints, which take HBONE themselves. */
  readonly isWaypoint?: boolean | undefined;
  /** An address of it is another pod's: nobody who dials its addresses gets to it. Its services still lead there. */
  readonly hasForeignAddress?: boolean | undefined;
}

/** The uid of wire.md §2.4: a name, so that it is known before there is a pod. */
export function podUid(
  pod: { readonly name: string; readonly namespace: string },
  clusterId: string,
): WorkloadUid {
  return `${clusterId}//Pod/${pod.namespace}/${pod.name}` as WorkloadUid;
}

/** Undefined for a pod that has finished or that has no address yet. */
export function translatePod(
  pod: PodObject,
  context: PodContext,
  settings: MeshSettings,
): Workload | undefined {
  if (pod.phase === 'Succeeded' || pod.phase === 'Failed' || pod.addresses.length === 0) return undefined;
  const { meta } = pod;
  const workloadName = workloadNameOf(meta);
  const canonical = canonicalServiceOf(meta.labels, workloadName);
  const nativeTunnel = context.isWaypoint === true || tunnels(pod, settings);
  const captured = isCaptured(pod, settings, context.captured);
  return {
    uid: podUid(meta, settings.clusterId),
    name: meta.name,
    namespace: meta.namespace,
    addresses: pod.addresses,
    hostname: '',
    network: settings.network,
    // The node's own namespace is never captured, whatever an annotation says.
    tunnelProtocol: (captured || nativeTunnel) && !pod.hostNetwork ? 'hbone' : 'none',
    nativeTunnel,
    trustDomain: settings.trustDomain,
    serviceAccount: pod.serviceAccount,
    ...(context.binding ?? NO_WAYPOINT),
    networkGateway: undefined,
    node: pod.node,
    canonicalName: canonical.name,
    canonicalRevision: canonical.revision,
    workloadType: 'pod',
    workloadName,
    authorizationPolicies: context.policies,
    status: pod.ready && !meta.terminating ? 'healthy' : 'unhealthy',
    clusterId: settings.clusterId,
    locality: localityOf(pod, context.node),
    networkMode: pod.hostNetwork || context.hasForeignAddress === true ? 'host-network' : 'standard',
    capacity: 1,
    applicationTunnel: undefined,
    services: servicesOf(pod, context),
  };
}

/** Whether it terminates HBONE itself, with a certificate that our proxies believe. */
function tunnels({ meta: { labels } }: PodObject, settings: MeshSettings): boolean {
  const protocols =
    settings.sharedRoots === true
      ? readTwin(labels, NATIVE_TUNNEL)
      : readClaim(labels, NATIVE_TUNNEL, settings);
  return protocols?.split(',').includes('http') === true;
}

/** Whether the pod takes HBONE: of ours, or of another mesh with the same roots. `here`: what its node says, which knows best. */
function isCaptured(pod: PodObject, settings: MeshSettings, here: boolean | undefined): boolean {
  const theirs =
    settings.sideBySide === true &&
    settings.sharedRoots === true &&
    pod.meta.annotations.get(REDIRECTION.istio) === REDIRECTION_ENABLED;
  return (here ?? isCapturedHere(pod, settings)) || theirs;
}

/** What the pod's own annotation says of this mesh. */
export function isCapturedHere(pod: PodObject, settings: Pick<MeshSettings, 'sideBySide'>): boolean {
  return readClaim(pod.meta.annotations, REDIRECTION, settings) === REDIRECTION_ENABLED;
}

function servicesOf(
  pod: PodObject,
  { services, listedPorts }: PodContext,
): ReadonlyMap<ServiceKey, readonly PortMapping[]> {
  // In the order of the keys, so that equal content has equal bytes.
  const sorted = [...services].sort((a, b) => (a.key < b.key ? -1 : 1));
  return new Map(sorted.map((info) => [info.key, listedPorts?.get(info.key) ?? portsOf(pod, info)] as const));
}

/** A port whose name this pod does not have is left out: the pod does not serve it. */
function portsOf(pod: PodObject, info: ServiceInfo): readonly PortMapping[] {
  return info.ports.flatMap((port) => {
    const targetPort =
      port.targetName === ''
        ? port.targetPort || port.servicePort
        : pod.containerPorts.find((own) => own.name === port.targetName && own.protocol === 'TCP')?.port;
    if (targetPort === undefined) return [];
    return [{ servicePort: port.servicePort, targetPort, appProtocol: 'unknown' as const }];
  });
}

/** The pod's own label `istio-locality: region.zone.subzone`, else where its node stands. */
function localityOf(pod: PodObject, node: NodeObject | undefined): Locality {
  const own = pod.meta.labels.get('nodemesh.io/locality') ?? pod.meta.labels.get('istio-locality') ?? '';
  if (own !== '') {
    const [region = '', zone = '', subzone = ''] = own.split('.');
    return { region, zone, subzone };
  }
  const labels = node?.meta.labels ?? new Map<string, string>();
  return {
    region:
      labels.get('topology.kubernetes.io/region') ??
      labels.get('failure-domain.beta.kubernetes.io/region') ??
      '',
    zone:
      labels.get('topology.kubernetes.io/zone') ?? labels.get('failure-domain.beta.kubernetes.io/zone') ?? '',
    subzone: labels.get('topology.istio.io/subzone') ?? '',
  };
}
