/** An annotation of Istio's: what it can be on, and whether it is on its way out. */
export interface KnownAnnotation {
  readonly kinds: readonly string[];
  readonly deprecated: boolean;
}

/** Undefined: Istio reads none of this name. */
export function knownAnnotation(name: string): KnownAnnotation | undefined {
  return KNOWN.get(name);
}

function on(
  kinds: readonly string[],
  names: readonly string[],
  deprecated = false,
): [string, KnownAnnotation][] {
  return names.map((name) => [name, { kinds, deprecated }]);
}

const below = (domain: string, ...names: readonly string[]): readonly string[] =>
  names.map((name) => `${domain}/${name}`);

/** As documented in Istio's reference of resource annotations. */
const KNOWN: ReadonlyMap<string, KnownAnnotation> = new Map([
  ...on(
    ['Any'],
    [
      'galley.istio.io/analyze-suppress',
      'gateway.istio.io/controller-version',
      'istio.io/rev',
      ...below('install.operator.istio.io', 'chart-owner', 'owner-generation', 'version'),
    ],
  ),
  ...on(['Ingress'], ['kubernetes.io/ingress.class']),
  ...on(['AuthorizationPolicy'], ['istio.io/dry-run']),
  ...on(['Service'], ['networking.istio.io/exportTo']),
  ...on(['Service', 'Namespace', 'ServiceEntry'], ['networking.istio.io/traffic-distribution']),
  ...on(
    ['Gateway'],
    [
      'networking.istio.io/address-type',
      ...below('gateway.istio.io', 'name-override', 'service-account', 'tls-terminate-mode'),
    ],
  ),
  ...on(['Gateway', 'Service'], ['networking.istio.io/service-type']),
  ...on(['Gateway', 'GatewayClass'], ['ambient.istio.io/waypoint-inbound-binding']),
  ...on(['Namespace', 'Service', 'Pod'], ['istio.io/use-waypoint-canary-weight']),
  ...on(['Namespace'], ['topology.istio.io/controlPlaneClusters']),
  ...on(
    ['WorkloadEntry'],
    below('istio.io', 'autoRegistrationGroup', 'workloadController', 'connectedAt', 'disconnectedAt'),
  ),
  ...on(
    ['Pod'],
    [
      ...below('ambient.istio.io', 'redirection', 'bypass-inbound-capture', 'dns-capture'),
      'istio.io/reroute-virtual-interfaces',
      'prometheus.istio.io/merge-metrics',
      'inject.istio.io/templates',
      ...below('proxy.istio.io', 'config', 'overrides'),
      'status.sidecar.istio.io/port',
      ...below(
        'readiness.status.sidecar.istio.io',
        'initialDelaySeconds',
        'periodSeconds',
        'failureThreshold',
        'applicationPorts',
      ),
      ...below(
        'sidecar.istio.io',
        'inject',
        'status',
        'rewriteAppHTTPProbers',
        'proxyImage',
        'proxyImageType',
        'proxyCPU',
        'proxyCPULimit',
        'proxyMemory',
        'proxyMemoryLimit',
        'interceptionMode',
        'bootstrapOverride',
        'userVolume',
        'userVolumeMount',
        'enableCoreDump',
        'logLevel',
        'componentLogLevel',
        'agentLogLevel',
        'nativeSidecar',
        'statsCompression',
        'statsHistogramBuckets',
        'statsFlushInterval',
        'statsEvictionInterval',
      ),
      ...below(
        'traffic.sidecar.istio.io',
        'includeOutboundIPRanges',
        'excludeOutboundIPRanges',
        'includeInboundPorts',
        'excludeInboundPorts',
        'includeOutboundPorts',
        'excludeOutboundPorts',
        'excludeInterfaces',
      ),
    ],
  ),
  ...on(['Pod'], ['alpha.istio.io/identity', 'traffic.sidecar.istio.io/kubevirtInterfaces'], true),
  ...on(
    ['Pod'],
    below(
      'sidecar.istio.io',
      'controlPlaneAuthPolicy',
      'discoveryAddress',
      'extraStatTags',
      'statsInclusionPrefixes',
      'statsInclusionSuffixes',
      'statsInclusionRegexps',
    ),
    true,
  ),
  ...on(
    ['Service'],
    ['alpha.istio.io/kubernetes-serviceaccounts', 'alpha.istio.io/canonical-serviceaccounts'],
    true,
  ),
]);
