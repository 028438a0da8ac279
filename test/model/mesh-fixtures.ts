import {
  type AuthorizationPolicy,
  EMPTY_MATCH,
  type IpAddress,
  type Match,
  NO_WAYPOINT,
  parseIpAddress,
  policyKey,
  type Service,
  type ServiceKey,
  serviceKey,
  type Workload,
  type WorkloadUid,
} from '../../src/model/index.ts';

export const ip = (text: string): IpAddress => parseIpAddress(text);
export const uid = (text: string): WorkloadUid => text as WorkloadUid;

/** A healthy pod outside the mesh; name and address are the usual things to vary. */
export function makeWorkload(over: Partial<Workload> & { name: string }): Workload {
  const namespace = over.namespace ?? 'shop';
  return {
    uid: uid(`Kubernetes//Pod/${namespace}/${over.name}`),
    namespace,
    addresses: [],
    hostname: '',
    network: '',
    tunnelProtocol: 'none',
    nativeTunnel: false,
    trustDomain: 'cluster.local',
    serviceAccount: over.name,
    ...NO_WAYPOINT,
    networkGateway: undefined,
    node: 'node-1',
    canonicalName: over.name,
    canonicalRevision: 'latest',
    workloadType: 'deployment',
    workloadName: over.name,
    authorizationPolicies: [],
    status: 'healthy',
    clusterId: 'Kubernetes',
    locality: { region: 'r1', zone: 'z1', subzone: '' },
    networkMode: 'standard',
    capacity: 1,
    applicationTunnel: undefined,
    services: new Map(),
    ...over,
  };
}

/** A service with port 80 → 8080 unless told otherwise. */
export function makeService(over: Partial<Service> & { name: string }): Service {
  const namespace = over.namespace ?? 'shop';
  return {
    namespace,
    hostname: `${over.name}.${namespace}.svc.cluster.local`,
    addresses: [],
    ports: [{ servicePort: 80, targetPort: 8080, appProtocol: 'unknown' }],
    subjectAltNames: [],
    ...NO_WAYPOINT,
    ingressUseWaypoint: false,
    loadBalancing: { routingPreference: [], mode: 'unspecified', healthPolicy: 'only-healthy' },
    ipFamilies: 'automatic',
    canonical: true,
    visibility: 'public',
    ...over,
  };
}

export function keyOf(service: Service): ServiceKey {
  return serviceKey(service.namespace, service.hostname);
}

/** The workload as an endpoint of the services, with no port mappings of its own. */
export function serving(workload: Workload, ...services: readonly Service[]): Workload {
  return { ...workload, services: new Map(services.map((service) => [keyOf(service), []])) };
}

export function vip(text: string, prefixLength?: number): Service['addresses'][number] {
  return { network: '', address: ip(text), prefixLength };
}

export function makePolicy(over: Partial<AuthorizationPolicy> & { name: string }): AuthorizationPolicy {
  const namespace = over.namespace ?? 'shop';
  return {
    key: policyKey(namespace, over.name),
    namespace,
    scope: 'namespace',
    action: 'deny',
    rules: [],
    dryRun: false,
    ...over,
  };
}

/** A policy with one rule of one clause with these matches. */
export function policyOf(
  over: Partial<AuthorizationPolicy> & { name: string },
  ...matches: readonly Partial<Match>[]
): AuthorizationPolicy {
  return makePolicy({
    rules: [{ clauses: [{ matches: matches.map((match) => ({ ...EMPTY_MATCH, ...match })) }] }],
    ...over,
  });
}
