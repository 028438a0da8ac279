import { create } from '@bufbuild/protobuf';
import {
  type ApplicationTunnel,
  checkTrustDomain,
  ipAddressToBytes,
  type Locality,
  type NetworkMode,
  type PolicyKey,
  type PortMapping,
  type ServiceKey,
  type TunnelProtocol,
  type Workload,
  type WorkloadStatus,
  type WorkloadType,
  type WorkloadUid,
} from '../../../model/index.ts';
import {
  ApplicationTunnel_Protocol,
  ApplicationTunnelSchema,
  LocalitySchema,
  type PortList,
  PortListSchema,
  NetworkMode as WireNetworkMode,
  TunnelProtocol as WireTunnelProtocol,
  type Workload as WireWorkload,
  WorkloadStatus as WireWorkloadStatus,
  WorkloadType as WireWorkloadType,
  WorkloadSchema,
} from '../../generated/workload_pb.js';
import { enumTable } from '../enum-table.ts';
import { badField, checkField, decodeAddress, decodePort, requireText } from '../field.ts';
import { decodeGateway, encodeGateway } from './gateway-address-codec.ts';
import { decodePorts, encodePorts } from './port-codec.ts';
import { createValuePool } from './shared-values.ts';
import { decodeBinding, encodeBinding } from '../waypoint/binding-codec.ts';

/** What is left out on the wire because most workloads have it (wire.md §2.4). */
const DEFAULT_TRUST_DOMAIN = 'cluster.local';
const DEFAULT_SERVICE_ACCOUNT = 'default';
const DEFAULT_CLUSTER_ID = 'Kubernetes';

const TUNNEL_PROTOCOLS = enumTable<TunnelProtocol>({
  none: WireTunnelProtocol.NONE,
  hbone: WireTunnelProtocol.HBONE,
  'legacy-istio-mtls': WireTunnelProtocol.LEGACY_ISTIO_MTLS,
});
/** Whatever a newer status means, it is not plain healthy. */
const STATUSES = enumTable<WorkloadStatus>(
  { healthy: WireWorkloadStatus.HEALTHY, unhealthy: WireWorkloadStatus.UNHEALTHY },
  'unhealthy',
);
const WORKLOAD_TYPES = enumTable<WorkloadType>(
  {
    deployment: WireWorkloadType.DEPLOYMENT,
    cronjob: WireWorkloadType.CRONJOB,
    pod: WireWorkloadType.POD,
    job: WireWorkloadType.JOB,
  },
  'pod',
);
const NETWORK_MODES = enumTable<NetworkMode>({
  standard: WireNetworkMode.STANDARD,
  'host-network': WireNetworkMode.HOST_NETWORK,
});
const APPLICATION_TUNNELS = enumTable<ApplicationTunnel['protocol']>({
  none: ApplicationTunnel_Protocol.NONE,
  proxy: ApplicationTunnel_Protocol.PROXY,
});
const NO_LOCALITY: Locality = { region: '', zone: '', subzone: '' };

/** `istio.workload.Workload`. */
export function encodeWorkload(workload: Workload): WireWorkload {
  const message = create(WorkloadSchema, {
    uid: workload.uid,
    name: workload.name,
    namespace: workload.namespace,
    addresses: workload.addresses.map(ipAddressToBytes),
    hostname: workload.hostname,
    network: workload.network,
    tunnelProtocol: TUNNEL_PROTOCOLS.encode(workload.tunnelProtocol),
    nativeTunnel: workload.nativeTunnel,
    trustDomain: elide(workload.trustDomain, DEFAULT_TRUST_DOMAIN),
    serviceAccount: elide(workload.serviceAccount, DEFAULT_SERVICE_ACCOUNT),
    node: workload.node,
    canonicalName: workload.canonicalName,
    canonicalRevision: workload.canonicalRevision,
    workloadType: WORKLOAD_TYPES.encode(workload.workloadType),
    workloadName: workload.workloadName,
    authorizationPolicies: [...workload.authorizationPolicies],
    status: STATUSES.encode(workload.status),
    clusterId: elide(workload.clusterId, DEFAULT_CLUSTER_ID),
    networkMode: NETWORK_MODES.encode(workload.networkMode),
    services: encodeServices(workload.services),
    extensions: encodeBinding(workload),
  });
  if (workload.waypoint !== undefined) message.waypoint = encodeGateway(workload.waypoint);
  if (workload.networkGateway !== undefined) message.networkGateway = encodeGateway(workload.networkGateway);
  if (workload.capacity !== 1) message.capacity = workload.capacity;
  const { region, zone, subzone } = workload.locality;
  if (region !== '' || zone !== '' || subzone !== '')
    message.locality = create(LocalitySchema, { region, zone, subzone });
  const tunnel = workload.applicationTunnel;
  if (tunnel !== undefined) {
    const protocol = APPLICATION_TUNNELS.encode(tunnel.protocol);
    message.applicationTunnel = create(ApplicationTunnelSchema, { protocol, port: tunnel.port });
  }
  return message;
}

/** Throws ERR_WIRE_FIELD, naming the field. */
export function decodeWorkload(message: WireWorkload): Workload {
  const { waypoint, networkGateway, applicationTunnel, locality } = message;
  return {
    uid: requireText(message.uid, 'uid') as WorkloadUid,
    name: message.name,
    namespace: message.namespace,
    addresses: message.addresses.map((bytes, index) => decodeAddress(bytes, `addresses[${index}]`)),
    hostname: message.hostname,
    network: message.network,
    tunnelProtocol: TUNNEL_PROTOCOLS.decode(message.tunnelProtocol, 'tunnel_protocol'),
    nativeTunnel: message.nativeTunnel,
    trustDomain: decodeTrustDomain(message.trustDomain),
    serviceAccount: message.serviceAccount || DEFAULT_SERVICE_ACCOUNT,
    waypoint: waypoint && decodeGateway(waypoint, 'waypoint'),
    ...decodeBinding(message.extensions),
    networkGateway: networkGateway && decodeGateway(networkGateway, 'network_gateway'),
    node: message.node,
    canonicalName: message.canonicalName,
    canonicalRevision: message.canonicalRevision,
    workloadType: WORKLOAD_TYPES.decode(message.workloadType, 'workload_type'),
    workloadName: message.workloadName,
    authorizationPolicies: decodePolicyKeys(message.authorizationPolicies),
    status: STATUSES.decode(message.status, 'status'),
    clusterId: message.clusterId || DEFAULT_CLUSTER_ID,
    locality: locality
      ? { region: locality.region, zone: locality.zone, subzone: locality.subzone }
      : NO_LOCALITY,
    networkMode: NETWORK_MODES.decode(message.networkMode, 'network_mode'),
    capacity: message.capacity ?? 1,
    applicationTunnel: applicationTunnel && {
      protocol: APPLICATION_TUNNELS.decode(applicationTunnel.protocol, 'application_tunnel.protocol'),
      port: decodePort(applicationTunnel.port, 'application_tunnel.port'),
    },
    services: decodeServices(message.services),
  };
}

function encodeServices(services: Workload['services']): Record<string, PortList> {
  const lists: [string, PortList][] = [];
  // In one order always, so that equal workloads have equal bytes and thus one version.
  for (const key of [...services.keys()].sort())
    lists.push([key, create(PortListSchema, { ports: encodePorts(services.get(key) ?? []) })]);
  return Object.fromEntries(lists);
}

/** Most endpoints of a service have the same ports, and are in no other: they share one map. */
function decodeServices(lists: Readonly<Record<string, PortList>>): Workload['services'] {
  const services = new Map<ServiceKey, readonly PortMapping[]>();
  for (const [key, list] of Object.entries(lists)) {
    if (!key.includes('/'))
      throw badField('services', `expected keys namespace/hostname, got ${JSON.stringify(key)}`);
    services.set(key as ServiceKey, decodePorts(list.ports, `services[${key}].ports`));
  }
  const [key] = services.keys();
  return key === undefined ? NO_SERVICES : sharedServices(key, services);
}

function isSameServices(a: Workload['services'], b: Workload['services']): boolean {
  if (a.size !== b.size) return false;
  for (const [key, ports] of a) {
    const others = b.get(key);
    if (others === undefined || others.length !== ports.length) return false;
    if (!ports.every((port, index) => isSamePort(port, others[index]))) return false;
  }
  return true;
}

function isSamePort(a: PortMapping, b: PortMapping | undefined): boolean {
  return a.servicePort === b?.servicePort && a.targetPort === b.targetPort && a.appProtocol === b.appProtocol;
}

function decodePolicyKeys(keys: readonly string[]): readonly PolicyKey[] {
  return keys.length === 0 ? NO_POLICIES : (keys as readonly PolicyKey[]);
}

const sharedServices = createValuePool<Workload['services']>(isSameServices);
const NO_SERVICES: Workload['services'] = new Map();
const NO_POLICIES: readonly PolicyKey[] = [];

function decodeTrustDomain(name: string): string {
  if (name === '') return DEFAULT_TRUST_DOMAIN;
  return checkField('trust_domain', () => checkTrustDomain(name));
}

function elide(value: string, usual: string): string {
  return value === usual ? '' : value;
}
