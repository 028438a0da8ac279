import { create } from '@bufbuild/protobuf';
import type { LoadBalancing, LoadBalancingScope, Service } from '../../../model/index.ts';
import {
  IPFamilies,
  LoadBalancing_HealthPolicy,
  LoadBalancing_Mode,
  LoadBalancing_Scope,
  LoadBalancingSchema,
  ServiceSchema,
  Visibility,
  type LoadBalancing as WireLoadBalancing,
  type Service as WireService,
} from '../../generated/workload_pb.js';
import { enumTable } from '../enum-table.ts';
import { requireText } from '../field.ts';
import {
  decodeGateway,
  decodeNetworkAddress,
  encodeGateway,
  encodeNetworkAddress,
} from './gateway-address-codec.ts';
import { decodePorts, encodePorts } from './port-codec.ts';
import {
  decodeBinding,
  decodeWeightedWaypoints,
  encodeBinding,
  encodeWeightedWaypoints,
} from '../waypoint/binding-codec.ts';

const SCOPES = enumTable<LoadBalancingScope>({
  region: LoadBalancing_Scope.REGION,
  zone: LoadBalancing_Scope.ZONE,
  subzone: LoadBalancing_Scope.SUBZONE,
  node: LoadBalancing_Scope.NODE,
  cluster: LoadBalancing_Scope.CLUSTER,
  network: LoadBalancing_Scope.NETWORK,
});
const MODES = enumTable<LoadBalancing['mode']>({
  unspecified: LoadBalancing_Mode.UNSPECIFIED_MODE,
  strict: LoadBalancing_Mode.STRICT,
  failover: LoadBalancing_Mode.FAILOVER,
  passthrough: LoadBalancing_Mode.PASSTHROUGH,
});
/** The narrower answer is the safe one. */
const HEALTH_POLICIES = enumTable<LoadBalancing['healthPolicy']>(
  {
    'only-healthy': LoadBalancing_HealthPolicy.ONLY_HEALTHY,
    'allow-all': LoadBalancing_HealthPolicy.ALLOW_ALL,
  },
  'only-healthy',
);
const IP_FAMILIES = enumTable<Service['ipFamilies']>(
  {
    automatic: IPFamilies.AUTOMATIC,
    ipv4: IPFamilies.IPV4_ONLY,
    ipv6: IPFamilies.IPV6_ONLY,
    dual: IPFamilies.DUAL,
  },
  'automatic',
);
/** The narrower answer is the safe one. */
const VISIBILITIES = enumTable<Service['visibility']>(
  { public: Visibility.PUBLIC, namespace: Visibility.NAMESPACE },
  'namespace',
);
const NO_LOAD_BALANCING: LoadBalancing = {
  routingPreference: [],
  mode: 'unspecified',
  healthPolicy: 'only-healthy',
};

/** `istio.workload.Service`. */
export function encodeService(service: Service): WireService {
  const message = create(ServiceSchema, {
    name: service.name,
    namespace: service.namespace,
    hostname: service.hostname,
    addresses: service.addresses.map(encodeNetworkAddress),
    ports: encodePorts(service.ports),
    subjectAltNames: [...service.subjectAltNames],
    weightedWaypoints: encodeWeightedWaypoints(service.weightedWaypoints),
    extensions: encodeBinding({ waypointFailure: service.waypointFailure, weightedWaypoints: [] }),
    ingressUseWaypoint: service.ingressUseWaypoint,
    ipFamilies: IP_FAMILIES.encode(service.ipFamilies),
    canonical: service.canonical,
    visibility: VISIBILITIES.encode(service.visibility),
  });
  if (service.waypoint !== undefined) message.waypoint = encodeGateway(service.waypoint);
  const { routingPreference, mode, healthPolicy } = service.loadBalancing;
  if (routingPreference.length > 0 || mode !== 'unspecified' || healthPolicy !== 'only-healthy') {
    message.loadBalancing = create(LoadBalancingSchema, {
      routingPreference: routingPreference.map(SCOPES.encode),
      mode: MODES.encode(mode),
      healthPolicy: HEALTH_POLICIES.encode(healthPolicy),
    });
  }
  return message;
}

/** Throws ERR_WIRE_FIELD, naming the field. */
export function decodeService(message: WireService): Service {
  return {
    name: message.name,
    namespace: message.namespace,
    hostname: requireText(message.hostname, 'hostname'),
    addresses: message.addresses.map((address, index) =>
      decodeNetworkAddress(address, `addresses[${index}]`),
    ),
    ports: decodePorts(message.ports, 'ports'),
    subjectAltNames: message.subjectAltNames,
    waypoint: message.waypoint && decodeGateway(message.waypoint, 'waypoint'),
    weightedWaypoints: decodeWeightedWaypoints(message.weightedWaypoints, 'weighted_waypoints'),
    waypointFailure: decodeBinding(message.extensions).waypointFailure,
    ingressUseWaypoint: message.ingressUseWaypoint,
    loadBalancing: message.loadBalancing ? decodeLoadBalancing(message.loadBalancing) : NO_LOAD_BALANCING,
    ipFamilies: IP_FAMILIES.decode(message.ipFamilies, 'ip_families'),
    canonical: message.canonical,
    visibility: VISIBILITIES.decode(message.visibility, 'visibility'),
  };
}

function decodeLoadBalancing(message: WireLoadBalancing): LoadBalancing {
  const scopes = message.routingPreference.filter((scope) => scope !== LoadBalancing_Scope.UNSPECIFIED_SCOPE);
  return {
    routingPreference: scopes.map((scope) => SCOPES.decode(scope, 'load_balancing.routing_preference')),
    mode: MODES.decode(message.mode, 'load_balancing.mode'),
    healthPolicy: HEALTH_POLICIES.decode(message.healthPolicy, 'load_balancing.health_policy'),
  };
}
