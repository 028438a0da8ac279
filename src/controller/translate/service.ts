import {
  type LoadBalancing,
  type LoadBalancingScope,
  NO_WAYPOINT,
  type Service,
  type ServiceKey,
  serviceKey,
} from '../../model/index.ts';
import type { LabelSelector, NamespaceObject, ServiceObject } from '../objects/index.ts';
import { appProtocolOf } from './app-protocol.ts';
import type { MeshSettings } from './mesh-settings.ts';
import { INGRESS_USE_WAYPOINT, isTrue, readClaim, readTwin, TRAFFIC_DISTRIBUTION } from './twin-name.ts';
import type { BindingStatus, BoundWaypoint, WaypointInfo } from './waypoint/index.ts';
import { serviceHostname } from './service-hostname.ts';

/** A service together with what its endpoints' translation needs and the wire does not carry. */
export interface ServiceInfo {
  readonly key: ServiceKey;
  readonly service: Service;
  readonly selector: LabelSelector | undefined;
  readonly ports: readonly ServicePortInfo[];
  /** What its use-waypoint label has come to; undefined without one. */
  readonly bindingStatus: BindingStatus | undefined;
  /** The waypoint that it is the address of. */
  readonly leadsTo: WaypointInfo | undefined;
}

/** A port of a service, with what it leads to in a pod. */
export interface ServicePortInfo {
  readonly name: string;
  readonly servicePort: number;
  /** The pod's port, 0: the same as the service's. */
  readonly targetPort: number;
  /** The container port's name; empty when the target is a number. */
  readonly targetName: string;
}

/** Undefined for an ExternalName service, which is a name in DNS and nothing else. */
export function translateService(
  object: ServiceObject,
  namespace: NamespaceObject | undefined,
  settings: MeshSettings,
): ServiceInfo | undefined {
  if (object.type === 'ExternalName') return undefined;
  const { meta } = object;
  const hostname = serviceHostname(meta.name, meta.namespace, settings.clusterDomain);
  // Nothing but TCP is captured, so nothing else has a place in what proxies know.
  const ports = object.ports.filter((port) => port.protocol === 'TCP');
  return {
    key: serviceKey(meta.namespace, hostname),
    selector: object.selector,
    bindingStatus: undefined,
    leadsTo: undefined,
    ports: ports.map((port) => ({
      name: port.name,
      servicePort: port.port,
      targetPort: typeof port.targetPort === 'number' ? port.targetPort : 0,
      targetName: typeof port.targetPort === 'string' ? port.targetPort : '',
    })),
    service: {
      name: meta.name,
      namespace: meta.namespace,
      hostname,
      addresses: object.clusterAddresses.map((address) => ({
        network: settings.network,
        address,
        prefixLength: undefined,
      })),
      ports: ports.map((port) => ({
        servicePort: port.port,
        targetPort: typeof port.targetPort === 'number' ? port.targetPort : 0,
        appProtocol: appProtocolOf(port),
      })),
      subjectAltNames: [],
      ...NO_WAYPOINT,
      ingressUseWaypoint: ingressUsesWaypoint(meta.labels, namespace?.meta.labels),
      loadBalancing: loadBalancingOf(object, namespace),
      ipFamilies: ipFamiliesOf(object),
      // Whoever else claims the name of a Kubernetes service may do so in its own namespace only.
      canonical: true,
      visibility: 'public',
    },
  };
}

/** The service of a waypoint: its clients know whom to expect there before there is a pod. */
export function leadToWaypoint(info: ServiceInfo, waypoint: WaypointInfo, trustDomain: string): ServiceInfo {
  const { namespace, serviceAccount } = waypoint;
  const subjectAltNames =
    waypoint.ours && !waypoint.placed ? [`spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`] : [];
  return { ...info, service: { ...info.service, subjectAltNames }, leadsTo: waypoint };
}

/** The service with the waypoint that it is to be reached through. */
export function bindService(info: ServiceInfo, { binding, status }: BoundWaypoint): ServiceInfo {
  return { ...info, service: { ...info.service, ...binding }, bindingStatus: status };
}

/** The service's label decides where it is set, also when it is set to nonsense; else the namespace's. */
export function ingressUsesWaypoint(
  serviceLabels: ReadonlyMap<string, string>,
  namespaceLabels: ReadonlyMap<string, string> | undefined,
  settings: Pick<MeshSettings, 'sideBySide'> = {},
): boolean {
  const own = readClaim(serviceLabels, INGRESS_USE_WAYPOINT, settings);
  return isTrue(own ?? readClaim(namespaceLabels ?? new Map(), INGRESS_USE_WAYPOINT, settings));
}

function loadBalancingOf(object: ServiceObject, namespace: NamespaceObject | undefined): LoadBalancing {
  const healthPolicy = object.publishNotReadyAddresses ? 'allow-all' : 'only-healthy';
  if (object.internalTrafficPolicy === 'Local') {
    return { mode: 'strict', routingPreference: ['node'], healthPolicy };
  }
  const distribution = DISTRIBUTIONS.get(distributionOf(object, namespace));
  return distribution === undefined
    ? { mode: 'unspecified', routingPreference: [], healthPolicy }
    : { mode: 'failover', routingPreference: distribution, healthPolicy };
}

function distributionOf(object: ServiceObject, namespace: NamespaceObject | undefined): string {
  if (object.trafficDistribution !== '') return object.trafficDistribution.toLowerCase();
  const annotated =
    readTwin(object.meta.annotations, TRAFFIC_DISTRIBUTION) ??
    readTwin(namespace?.meta.annotations ?? new Map(), TRAFFIC_DISTRIBUTION);
  return (annotated ?? '').toLowerCase();
}

function ipFamiliesOf(object: ServiceObject): Service['ipFamilies'] {
  if (object.ipFamilies.length >= 2) return 'dual';
  if (object.ipFamilies.length === 0) return 'automatic';
  return object.ipFamilies[0] === 'IPv4' ? 'ipv4' : 'ipv6';
}

const SAME_ZONE: readonly LoadBalancingScope[] = ['network', 'region', 'zone'];
const SAME_NODE: readonly LoadBalancingScope[] = ['network', 'region', 'zone', 'subzone', 'node'];

const DISTRIBUTIONS: ReadonlyMap<string, readonly LoadBalancingScope[]> = new Map([
  ['preferclose', SAME_ZONE],
  ['prefersamezone', SAME_ZONE],
  ['prefersamenode', SAME_NODE],
]);
