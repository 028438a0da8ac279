import { randomFillSync } from 'node:crypto';
import type { Workload } from '../../model/index.ts';
import { childTraceparent, formatBaggage, formatTraceparent } from '../../tunnel-protocol/index.ts';

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

/** `traceparent` of a tunnel that begins a trace. */
export function newTraceparent(): string {
  return formatTraceparent(childTraceparent(undefined, pooledRandom));
}

/** Trace ids need no secrecy, only to differ: one call of the kernel serves many connections. */
function pooledRandom(bytes: number): Buffer {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.subarray(used - bytes, used);
}

const pool = Buffer.alloc(8_192);
let used = pool.length;
