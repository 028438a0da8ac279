import {
  type GatewayAddress,
  type GatewayKey,
  gatewayKey,
  HBONE_PORT,
  tryParseIpAddress,
} from '../../../model/index.ts';
import type {
  GatewayClassObject,
  GatewayObject,
  GatewayObjectAddress,
  NamespaceSelector,
} from '../../objects/index.ts';
import type { MeshSettings } from '../mesh-settings.ts';
import { serviceHostname } from '../service-hostname.ts';
import { GATEWAY_NAME_OVERRIDE, GATEWAY_SERVICE_ACCOUNT, readTwin, WAYPOINT_FOR } from '../twin-name.ts';
import { allowedNamespaces, inboundBinding, isHbone } from './inbound-binding.ts';

/** What goes through a waypoint: what is sent to services, what is sent to pods, both, or (to try it out) nothing. */
export type WaypointTraffic = 'service' | 'workload' | 'all' | 'none';

/** A Gateway that stands for a waypoint. */
export interface WaypointInfo {
  readonly key: GatewayKey;
  readonly namespace: string;
  readonly name: string;
  readonly className: string;
  readonly traffic: WaypointTraffic;
  readonly address: GatewayAddress;
  /** Who may name it. */
  readonly namespaces: NamespaceSelector;
  /** It is of a class of ours: its pods run our waypoint. */
  readonly ours: boolean;
  /** Its author has put it somewhere, so that nobody has to deploy it. */
  readonly placed: boolean;
  /** Of its Deployment and Service. */
  readonly deploymentName: string;
  /** Of its pods. */
  readonly serviceAccount: string;
}

/** Controllers whose Gateways are ours. */
export const WAYPOINT_CONTROLLERS = ['nodemesh.io/waypoint-controller', 'istio.io/mesh-controller'] as const;

/** Classes that there are without an object. */
export const WAYPOINT_CLASSES: ReadonlyMap<string, (typeof WAYPOINT_CONTROLLERS)[number]> = new Map([
  ['nodemesh-waypoint', 'nodemesh.io/waypoint-controller'],
  ['istio-waypoint', 'istio.io/mesh-controller'],
]);

/** The one that another mesh never has. */
const OWN_CONTROLLER = WAYPOINT_CONTROLLERS[0];

/** The controller of a Gateway of ours, undefined for everybody else's. A class object says more than a class's name. */
export function ownController(
  className: string,
  gatewayClass: GatewayClassObject | undefined,
  { sideBySide }: Pick<MeshSettings, 'sideBySide'>,
): (typeof WAYPOINT_CONTROLLERS)[number] | undefined {
  const name =
    gatewayClass === undefined
      ? WAYPOINT_CLASSES.get(className)
      : WAYPOINT_CONTROLLERS.find((candidate) => candidate === gatewayClass.controllerName);
  return sideBySide === true && name !== OWN_CONTROLLER ? undefined : name;
}

/** Undefined for a Gateway that is no waypoint, or of which nobody can tell what it is to be for. */
export function translateWaypoint(
  gateway: GatewayObject,
  gatewayClass: GatewayClassObject | undefined,
  settings: MeshSettings,
): WaypointInfo | undefined {
  const { namespace, name, annotations } = gateway.meta;
  const ours = ownController(gateway.className, gatewayClass, settings) !== undefined;
  const binding = inboundBinding(gateway, gatewayClass);
  const traffic = trafficOf(gateway, gatewayClass);
  if (traffic === undefined) return undefined;
  if (!ours && binding === undefined && !gateway.listeners.some(isHbone)) return undefined;
  const deploymentName = readTwin(annotations, GATEWAY_NAME_OVERRIDE) ?? name;
  const written = writtenAddress(gateway, ours ? gateway.addresses : gateway.statusAddresses, settings);
  return {
    key: gatewayKey(namespace, name),
    namespace,
    name,
    className: gateway.className,
    traffic,
    address: written ?? {
      kind: 'hostname',
      namespace,
      hostname: serviceHostname(deploymentName, namespace, settings.clusterDomain),
      hboneMtlsPort: HBONE_PORT,
    },
    namespaces: allowedNamespaces(gateway.listeners, binding),
    ours,
    placed: written !== undefined,
    deploymentName,
    serviceAccount: readTwin(annotations, GATEWAY_SERVICE_ACCOUNT) ?? name,
  };
}

/** The Gateway's own word before its class's; a word that means nothing is nobody's. */
function trafficOf(
  gateway: GatewayObject,
  gatewayClass: GatewayClassObject | undefined,
): WaypointTraffic | undefined {
  const text =
    readTwin(gateway.meta.labels, WAYPOINT_FOR) ??
    readTwin(gatewayClass?.meta.labels ?? new Map(), WAYPOINT_FOR) ??
    'service';
  return TRAFFIC.find((traffic) => traffic === text);
}

/** Names before numbers: a service keeps its name, and has several addresses. */
function writtenAddress(
  { meta: { namespace } }: GatewayObject,
  addresses: readonly GatewayObjectAddress[],
  settings: MeshSettings,
): GatewayAddress | undefined {
  const hostname = addresses.find(({ type, value }) => type === 'Hostname' && value !== '')?.value;
  if (hostname !== undefined) return { kind: 'hostname', namespace, hostname, hboneMtlsPort: HBONE_PORT };
  for (const { type, value } of addresses) {
    const address = type === 'IPAddress' ? tryParseIpAddress(value) : undefined;
    if (address !== undefined)
      return { kind: 'address', network: settings.network, address, hboneMtlsPort: HBONE_PORT };
  }
  return undefined;
}

const TRAFFIC = ['service', 'workload', 'all', 'none'] as const;
