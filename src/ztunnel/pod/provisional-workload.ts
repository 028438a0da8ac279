import { type EnrolmentPod, NO_WAYPOINT, type Workload } from '../../model/index.ts';

/**
 * What a new pod is known as until the controller has told of it as a workload. That takes until its kubelet has reported
 * an address, which a kubelet does not do while a start-up hook runs: a hook that calls another service must not wait for
 * its own end. Who the pod is stands in its enrolment; what only matters to connections that come to it is left out.
 */
export function provisionalWorkload(
  pod: EnrolmentPod,
  where: { readonly node: string; readonly clusterId: string; readonly network: string },
): Workload {
  const { trustDomain, serviceAccount } = pod.identity;
  return {
    uid: pod.uid,
    name: pod.name,
    namespace: pod.namespace,
    addresses: pod.addresses,
    hostname: '',
    network: where.network,
    tunnelProtocol: 'hbone',
    nativeTunnel: false,
    trustDomain,
    serviceAccount,
    networkGateway: undefined,
    node: where.node,
    canonicalName: pod.name,
    canonicalRevision: 'latest',
    workloadType: 'pod',
    workloadName: pod.name,
    authorizationPolicies: [],
    status: 'healthy',
    clusterId: where.clusterId,
    locality: { region: '', zone: '', subzone: '' },
    networkMode: 'standard',
    capacity: 1,
    applicationTunnel: undefined,
    services: new Map(),
    ...NO_WAYPOINT,
  };
}
