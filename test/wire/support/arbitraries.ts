import fc from 'fast-check';
import {
  type AuthorizationPolicy,
  type Cidr,
  type EnrolmentPod,
  type Membership,
  type GatewayAddress,
  ipAddressFromBytes,
  type Match,
  type PolicyKey,
  type PortMapping,
  policyKey,
  type Service,
  type ServiceKey,
  type StringMatch,
  type TrustBundle,
  type Workload,
  type WorkloadUid,
  workloadIdentity,
} from '../../../src/model/index.ts';
import type { AddressResource } from '../../../src/wire/index.ts';
import { telemetrySettings } from './telemetry-arbitraries.ts';

const text = fc.string({ maxLength: 12, unit: 'grapheme' });
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/);
const port = fc.integer({ min: 0, max: 65_535 });
const flag = fc.boolean();

const address = fc
  .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map(ipAddressFromBytes);
const cidr: fc.Arbitrary<Cidr> = fc
  .tuple(address, fc.nat(128))
  .map(([ip, bits]) => ({ address: ip, prefixLength: ip.includes(':') ? bits : bits % 33 }));
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { maxLength: 3 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const gateway: fc.Arbitrary<GatewayAddress> = fc.oneof(
  fc.record({ kind: fc.constant('hostname' as const), namespace: name, hostname: name, hboneMtlsPort: port }),
  fc.record({ kind: fc.constant('address' as const), network: text, address, hboneMtlsPort: port }),
);
const ports = some(
  fc.record<PortMapping>({
    servicePort: port,
    targetPort: port,
    appProtocol: fc.constantFrom('unknown', 'http1', 'http2', 'grpc', 'tcp', 'tls'),
  }),
);

const binding = {
  waypoint: maybe(gateway),
  weightedWaypoints: some(fc.record({ destination: gateway, weight: fc.nat() })),
  waypointFailure: fc.constantFrom('refuse' as const, 'open' as const),
};

export const workloads: fc.Arbitrary<Workload> = fc.record({
  uid: fc.string({ minLength: 1, maxLength: 30 }) as fc.Arbitrary<WorkloadUid>,
  name: text,
  namespace: text,
  addresses: some(address),
  hostname: text,
  network: text,
  tunnelProtocol: fc.constantFrom('none', 'hbone', 'legacy-istio-mtls'),
  nativeTunnel: flag,
  trustDomain: fc.constantFrom('cluster.local', 'example.org'),
  serviceAccount: fc.constantFrom('default', 'cart'),
  ...binding,
  networkGateway: maybe(gateway),
  node: text,
  canonicalName: text,
  canonicalRevision: text,
  workloadType: fc.constantFrom('deployment', 'cronjob', 'pod', 'job'),
  workloadName: text,
  authorizationPolicies: some(text) as fc.Arbitrary<PolicyKey[]>,
  status: fc.constantFrom('healthy', 'unhealthy'),
  clusterId: fc.constantFrom('Kubernetes', 'other'),
  locality: fc.record({ region: text, zone: text, subzone: text }),
  networkMode: fc.constantFrom('standard', 'host-network'),
  capacity: fc.constantFrom(0, 1, 2, 0xffff_ffff),
  applicationTunnel: maybe(fc.record({ protocol: fc.constantFrom('none', 'proxy'), port })),
  services: fc
    .uniqueArray(fc.tuple(name, ports), { maxLength: 3, selector: ([key]) => key })
    .map((entries) => new Map(entries.map(([key, list]) => [`ns/${key}` as ServiceKey, list]))),
});

export const services: fc.Arbitrary<Service> = fc.record({
  name: text,
  namespace: text,
  hostname: name,
  addresses: some(
    fc.oneof(
      fc.record({ network: text, address, prefixLength: fc.constant(undefined) }),
      fc.tuple(text, cidr).map(([network, range]) => ({ network, ...range })),
    ),
  ),
  ports,
  subjectAltNames: some(text),
  ...binding,
  ingressUseWaypoint: flag,
  loadBalancing: fc.record({
    routingPreference: some(fc.constantFrom('region', 'zone', 'subzone', 'node', 'cluster', 'network')),
    mode: fc.constantFrom('unspecified', 'strict', 'failover', 'passthrough'),
    healthPolicy: fc.constantFrom('only-healthy', 'allow-all'),
  }),
  ipFamilies: fc.constantFrom('automatic', 'ipv4', 'ipv6', 'dual'),
  canonical: flag,
  visibility: fc.constantFrom('public', 'namespace'),
});

export const addressResources: fc.Arbitrary<AddressResource> = fc.oneof(
  workloads.map((workload) => ({ kind: 'workload' as const, workload })),
  services.map((service) => ({ kind: 'service' as const, service })),
);

const stringMatch: fc.Arbitrary<StringMatch> = fc.oneof(
  fc.record({ kind: fc.constantFrom('exact', 'prefix', 'suffix'), value: text }),
  fc.constant<StringMatch>({ kind: 'presence' }),
);
const serviceAccount = fc.record({ namespace: name, serviceAccount: name });
const match: fc.Arbitrary<Match> = fc.record({
  namespaces: some(stringMatch),
  notNamespaces: some(stringMatch),
  principals: some(stringMatch),
  notPrincipals: some(stringMatch),
  serviceAccounts: some(serviceAccount),
  notServiceAccounts: some(serviceAccount),
  sourceIps: some(cidr),
  notSourceIps: some(cidr),
  destinationIps: some(cidr),
  notDestinationIps: some(cidr),
  destinationPorts: some(port),
  notDestinationPorts: some(port),
});

export const policies: fc.Arbitrary<AuthorizationPolicy> = fc
  .record({
    name,
    namespace: text,
    scope: fc.constantFrom('global', 'namespace', 'workload-selector'),
    action: fc.constantFrom('allow', 'deny'),
    rules: some(fc.record({ clauses: some(fc.record({ matches: some(match) })) })),
    dryRun: flag,
    notUnderstood: fc.option(name, { nil: undefined }),
  })
  .map(
    ({ notUnderstood, ...policy }) =>
      ({
        ...policy,
        ...(notUnderstood === undefined ? {} : { notUnderstood }),
        key: policyKey(policy.namespace, policy.name),
      }) as AuthorizationPolicy,
  );

export const memberships: fc.Arbitrary<Membership> = fc.oneof(
  fc.record({ kind: fc.constant('namespace' as const), namespace: name, joins: flag }),
  fc.record({
    kind: fc.constant('bystander' as const),
    uid: fc.string({ minLength: 1, maxLength: 30 }) as fc.Arbitrary<WorkloadUid>,
    kubernetesUid: text,
    namespace: name,
    name,
  }),
);

export const enrolmentPods: fc.Arbitrary<EnrolmentPod> = fc
  .record({
    uid: fc.string({ minLength: 1, maxLength: 30 }) as fc.Arbitrary<WorkloadUid>,
    namespace: name,
    name,
    account: name,
    kubernetesUid: text,
    addresses: some(address),
    netns: text,
    heldBy: fc.constantFrom('', 'Istio has captured it'),
    isNew: flag,
    waypointBypass: fc.constantFrom('count', 'refuse'),
    accessLog: fc.constantFrom('all', 'failures', 'none'),
    telemetry: fc.option(fc.record({ client: telemetrySettings, server: telemetrySettings }), {
      nil: undefined,
    }),
    modes: fc.record({
      inbound: flag,
      dns: flag,
      excludedInboundPorts: some(port),
      excludedOutboundPorts: some(port),
      excludedOutboundCidrs: some(cidr),
      virtualInterfaces: some(text),
      existingConnections: fc.constantFrom('keep' as const, 'reset' as const),
    }),
  })
  .map(({ account, ...pod }) => ({
    ...pod,
    identity: workloadIdentity({
      trustDomain: 'example.org',
      namespace: pod.namespace,
      serviceAccount: account,
    }),
  }));

export const trustBundles: fc.Arbitrary<TrustBundle> = fc.record({
  trustDomain: fc.constantFrom('cluster.local', 'example.org'),
  rootsPem: fc.array(text, { minLength: 1, maxLength: 3 }),
  crlsPem: some(text),
  version: text,
});
