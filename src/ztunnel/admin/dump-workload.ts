import type { GatewayAddress, Workload } from '../../model/index.ts';

/** A workload as config_dump shows it: what is empty or ordinary is left out. */
export function dumpWorkload(workload: Workload): Record<string, unknown> {
  const { locality, applicationTunnel } = workload;
  return withoutUndefined({
    workloadIps: workload.addresses,
    hostname: orNothing(workload.hostname),
    waypoint: dumpGateway(workload.waypoint),
    networkGateway: dumpGateway(workload.networkGateway),
    protocol: workload.tunnelProtocol === 'hbone' ? 'HBONE' : 'TCP',
    networkMode: workload.networkMode === 'host-network' ? 'HostNetwork' : undefined,
    uid: workload.uid,
    name: workload.name,
    namespace: workload.namespace,
    trustDomain: workload.trustDomain,
    serviceAccount: workload.serviceAccount,
    workloadName: workload.workloadName,
    workloadType: workload.workloadType,
    canonicalName: workload.canonicalName,
    canonicalRevision: workload.canonicalRevision,
    network: orNothing(workload.network),
    node: orNothing(workload.node),
    nativeTunnel: workload.nativeTunnel ? true : undefined,
    authorizationPolicies:
      workload.authorizationPolicies.length > 0 ? workload.authorizationPolicies : undefined,
    status: workload.status === 'healthy' ? 'Healthy' : 'Unhealthy',
    clusterId: workload.clusterId,
    services: workload.services.size > 0 ? [...workload.services.keys()] : undefined,
    locality: locality.region === '' ? undefined : locality,
    capacity: workload.capacity === 1 ? undefined : workload.capacity,
    applicationTunnel,
  });
}

/** `network/address` or `namespace/hostname`, and the port. */
export function dumpGateway(gateway: GatewayAddress | undefined): Record<string, unknown> | undefined {
  if (gateway === undefined) return undefined;
  const destination =
    gateway.kind === 'address'
      ? `${gateway.network}/${gateway.address}`
      : `${gateway.namespace}/${gateway.hostname}`;
  return { destination, port: gateway.hboneMtlsPort };
}

/** For dumps, in which what is not there is left out. */
export function withoutUndefined(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

function orNothing(text: string): string | undefined {
  return text === '' ? undefined : text;
}
