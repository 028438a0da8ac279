import { identityOf, type Workload } from '../../../model/index.ts';
import type { WorkloadFacts } from '../../../telemetry/index.ts';
import type { MeshCollections } from '../../collections/index.ts';
import { boundWaypoint } from './bound-waypoint.ts';
import type { ReportedProxy } from '../observation-service.ts';

/** Pods and other endpoints; of a pod its own node knows more. */
export function meshWorkloads(
  collections: MeshCollections,
  reported: ReadonlyMap<string, ReportedProxy>,
  windowMs: number,
): readonly WorkloadFacts[] {
  const facts: WorkloadFacts[] = [];
  for (const workloads of [collections.podWorkloads, collections.otherWorkloads]) {
    for (const workload of workloads.values()) {
      // Nobody but its own node is believed about a pod.
      const seen = reported.get(`ztunnel/${workload.node}`)?.workloads.get(workload.uid);
      facts.push({
        ...factsOf(collections, workload),
        enrolment: seen?.enrolment ?? enrolmentOf(collections, workload),
        certificate: seen?.certificate,
        connections: seen?.connections ?? 0,
        olderConnections: seen?.olderConnections ?? 0,
        rates: windowMs === REPORTED_WINDOW_MS ? seen?.rates : undefined,
        cost: seen?.cost,
      });
    }
  }
  return facts;
}

function factsOf(
  collections: MeshCollections,
  workload: Workload,
): Omit<WorkloadFacts, 'enrolment' | 'certificate' | 'connections' | 'olderConnections' | 'cost'> {
  return {
    uid: workload.uid,
    namespace: workload.namespace,
    name: workload.name,
    workload: workload.workloadName || workload.name,
    node: workload.node,
    addresses: workload.addresses,
    identity: identityOf(workload)?.id ?? '',
    protocol: workload.tunnelProtocol === 'hbone' ? 'HBONE' : 'TCP',
    waypoint: boundWaypoint(collections, workload),
  };
}

/** What the controller itself knows: what is to be, and what has been announced. */
function enrolmentOf(
  { enrolments }: MeshCollections,
  { uid, tunnelProtocol, nativeTunnel }: Workload,
): string {
  if (nativeTunnel) return 'native';
  if (tunnelProtocol === 'hbone') return 'captured';
  return enrolments.get(uid) === undefined ? 'not enrolled' : 'preparing';
}

/** What proxies take their rates over. */
const REPORTED_WINDOW_MS = 60_000;
