import type { Workload } from '../../model/index.ts';
import { formatBaggage } from '../../tunnel-protocol/index.ts';

/** What a workload tells about itself; written once for each version of it. */
const baggages = new WeakMap<Workload, string>();

/** `baggage` of a tunnel's head. */
export function baggageOf(workload: Workload): string {
  const known = baggages.get(workload);
  if (known !== undefined) return known;
  const made = formatBaggage({
    cluster: workload.clusterId,
    namespace: workload.namespace,
    workloadType: workload.workloadType,
    workloadName: workload.workloadName,
    service: workload.canonicalName,
    version: workload.canonicalRevision,
    region: workload.locality.region,
    zone: workload.locality.zone,
  });
  baggages.set(workload, made);
  return made;
}
