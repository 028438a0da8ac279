import type { PortMapping, Service, Workload } from '../../../src/model/index.ts';

type Json = Readonly<Record<string, unknown>>;

/** Our workload in the words of the table, with what is a default there left out. */
export function workloadRecord(workload: Workload | undefined): unknown {
  if (workload === undefined) return null;
  const services = [...workload.services].map(([key, ports]) => [key, { ports: ports.map(portRecord) }]);
  return withoutDefaults({
    addresses: workload.addresses,
    name: workload.name,
    namespace: workload.namespace,
    network: workload.network,
    clusterId: workload.clusterId,
    canonicalName: workload.canonicalName,
    canonicalRevision: workload.canonicalRevision,
    workloadName: workload.workloadName,
    workloadType: workload.workloadType.toUpperCase(),
    status: workload.status.toUpperCase(),
    uid: workload.uid,
    node: workload.node,
    tunnelProtocol: workload.tunnelProtocol.toUpperCase(),
    nativeTunnel: workload.nativeTunnel,
    networkMode: workload.networkMode.toUpperCase().replace('-', '_'),
    trustDomain: workload.trustDomain,
    serviceAccount: workload.serviceAccount,
    authorizationPolicies: workload.authorizationPolicies,
    services: Object.fromEntries(services),
    locality: withoutDefaults({ ...workload.locality }),
    hostname: workload.hostname,
  });
}

export function goldenWorkload(value: unknown): unknown {
  if (value === null) return null;
  const golden = value as Json;
  const status = golden.status ?? 'HEALTHY';
  const type = golden.workloadType ?? 'DEPLOYMENT';
  return withoutDefaults({ ...golden, status, workloadType: type });
}

export function serviceRecord(service: Service | undefined): unknown {
  if (service === undefined) return null;
  const { loadBalancing: lb } = service;
  return withoutDefaults({
    name: service.name,
    namespace: service.namespace,
    hostname: service.hostname,
    canonical: service.canonical,
    ingressUseWaypoint: service.ingressUseWaypoint,
    addresses: service.addresses.map(({ address, network }) => ({ address, network })),
    ports: service.ports.map(portRecord),
    ipFamilies: service.ipFamilies.toUpperCase(),
    loadBalancing: withoutDefaults({
      mode: lb.mode.toUpperCase(),
      routingPreference: lb.routingPreference.map((scope) => scope.toUpperCase()),
      healthPolicy: lb.healthPolicy.toUpperCase().replace('-', '_'),
    }),
  });
}

export function goldenService(value: unknown): unknown {
  if (value === null) return null;
  const golden = value as Json;
  return withoutDefaults({ ...golden, ports: (golden.ports as readonly Json[]).map(withoutDefaults) });
}

const PROTOCOLS: Readonly<Record<string, string>> = { http1: 'HTTP11' };

function portRecord(port: PortMapping): unknown {
  return withoutDefaults({
    ...port,
    appProtocol: PROTOCOLS[port.appProtocol] ?? port.appProtocol.toUpperCase(),
  });
}

const DEFAULTS: ReadonlySet<unknown> = new Set([
  '',
  0,
  false,
  null,
  undefined,
  'NONE',
  'UNKNOWN',
  'STANDARD',
  'AUTOMATIC',
  'UNSPECIFIED',
  'ONLY_HEALTHY',
  'cluster.local',
  'default',
]);

function withoutDefaults(value: Json): Json {
  return Object.fromEntries(
    Object.entries(value).filter(
      ([, item]) =>
        !DEFAULTS.has(item) && !(typeof item === 'object' && item !== null && Object.keys(item).length === 0),
    ),
  );
}
