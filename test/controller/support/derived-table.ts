type Json = Readonly<Record<string, unknown>>;

/** The notation of the derived tables: `$type` goes, `$const` becomes the constant's value, label constants their text. */
export function readDerived(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readDerived);
  if (typeof value !== 'object' || value === null) return value;
  const { $const: constant } = value as { $const?: string };
  if (constant !== undefined) return constantOf(constant);
  const named = value as Json;
  return Object.fromEntries(
    Object.entries(named)
      .filter(([key]) => key !== '$type')
      .map(([key, item]) => [LABELS[key] ?? key, key === 'inputs' ? readInputs(item) : readDerived(item)]),
  );
}

/** Inputs are of many types, so there the type stays. */
function readInputs(inputs: unknown): unknown {
  if (!Array.isArray(inputs)) return [];
  return inputs.map((input: Json) => ({ ...(readDerived(input) as Json), $type: String(input.$type ?? '') }));
}

const LABELS: Readonly<Record<string, string>> = {
  'label.IoIstioIngressUseWaypoint.Name': 'istio.io/ingress-use-waypoint',
  'annotation.AmbientRedirection.Name': 'ambient.istio.io/redirection',
  'annotation.NetworkingTrafficDistribution.Name': 'networking.istio.io/traffic-distribution',
  'discovery.LabelServiceName': 'kubernetes.io/service-name',
  'annotation.AmbientWaypointInboundBinding.Name': 'ambient.istio.io/waypoint-inbound-binding',
  'label.NetworkingTunnel.Name': 'networking.istio.io/tunnel',
  'v1.LabelTopologyRegion': 'topology.kubernetes.io/region',
  'v1.LabelTopologyZone': 'topology.kubernetes.io/zone',
};

function constantOf(name: string): string {
  const last = name.slice(Math.max(name.lastIndexOf('_'), name.lastIndexOf('.')) + 1);
  const known: Readonly<Record<string, string>> = {
    'v1.PodReady': 'Ready',
    'v1.ProtocolTCP': 'TCP',
    'v1.IPv4Protocol': 'IPv4',
    'v1.IPv6Protocol': 'IPv6',
    'v1.ClusterIPNone': 'None',
    'constants.AmbientRedirectionEnabled': 'enabled',
    'v1.ProtocolUDP': 'UDP',
    'constants.ManagedGatewayMeshController': 'istio.io/mesh-controller',
    'constants.WaypointSandwichListenerProxyProtocol': 'istio.io/PROXY',
    'gatewayv1.NamespacesFromSame': 'Same',
    'gatewayv1.NamespacesFromAll': 'All',
    'gatewayv1.NamespacesFromSelector': 'Selector',
    'workloadapi.NetworkMode_HOST_NETWORK': 'HOST_NETWORK',
    'workloadapi.LoadBalancing_ALLOW_ALL': 'ALLOW_ALL',
  };
  return (
    known[name] ??
    last.replace(
      /^(Pod|Condition|AddressType|ServiceType|ServiceTrafficDistribution|ServiceInternalTrafficPolicy)/,
      '',
    )
  );
}
