import type { PortMapping, Service, Workload } from '../../model/index.ts';
import { dumpGateway, withoutUndefined } from './dump-workload.ts';

/** One endpoint of a service, as the mesh view gives it. */
export interface DumpedEndpoint {
  readonly workload: Workload;
  readonly service: string;
  readonly ports: readonly PortMapping[];
}

const FAMILIES = { automatic: undefined, ipv4: 'IPv4', ipv6: 'IPv6', dual: 'Dual' } as const;

/** A service with its endpoints, as config_dump shows it. */
export function dumpService(service: Service, endpoints: readonly DumpedEndpoint[]): Record<string, unknown> {
  const { loadBalancing } = service;
  const balanced = loadBalancing.mode !== 'unspecified' || loadBalancing.healthPolicy !== 'only-healthy';
  return withoutUndefined({
    name: service.name,
    namespace: service.namespace,
    hostname: service.hostname,
    vips: service.addresses.map(({ network, address, prefixLength }) =>
      prefixLength === undefined ? `${network}/${address}` : `${network}/${address}/${prefixLength}`,
    ),
    ports: dumpPorts(service.ports),
    endpoints: Object.fromEntries(endpoints.map(dumpEndpoint)),
    subjectAltNames: service.subjectAltNames,
    waypoint: dumpGateway(service.waypoint),
    weightedWaypoints: dumpShares(service),
    loadBalancer: balanced
      ? {
          mode: capital(loadBalancing.mode),
          routingPreferences: loadBalancing.routingPreference.map(capital),
          healthPolicy: loadBalancing.healthPolicy === 'allow-all' ? 'AllowAll' : 'OnlyHealthy',
        }
      : undefined,
    ipFamilies: FAMILIES[service.ipFamilies],
    visibility: service.visibility === 'public' ? undefined : capital(service.visibility),
  });
}

/** Where a canary waypoint takes a share. */
function dumpShares({ weightedWaypoints }: Service): unknown {
  if (weightedWaypoints.length === 0) return undefined;
  return weightedWaypoints.map(({ destination, weight }) => ({ ...dumpGateway(destination), weight }));
}

function dumpEndpoint(endpoint: DumpedEndpoint): [string, unknown] {
  const { workload } = endpoint;
  const address = `${workload.network}/${workload.addresses[0] ?? workload.hostname}`;
  return [
    `${workload.uid}:${address}`,
    {
      workloadUid: workload.uid,
      service: endpoint.service,
      address,
      port: dumpPorts(endpoint.ports),
      status: workload.status === 'healthy' ? 'Healthy' : 'Unhealthy',
    },
  ];
}

function dumpPorts(ports: readonly PortMapping[]): Record<string, number> {
  return Object.fromEntries(ports.map(({ servicePort, targetPort }) => [String(servicePort), targetPort]));
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
