import { randomFillSync } from 'node:crypto';
import { formatEndpoint, type Endpoint } from '../connections/endpoint.ts';
import type { Service, Upstream, Workload } from '../../model/index.ts';
import {
  childTraceparent,
  formatBaggage,
  formatForwarded,
  formatTraceparent,
  type TunnelRequestHead,
} from '../../tunnel-protocol/index.ts';
import { ZtunnelError } from '../errors.ts';

/** What a workload tells about itself; written once for each version of it. */
const baggages = new WeakMap<Workload, string>();

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

/** The CONNECT for one outbound connection (wire.md §1.5). */
export function requestHead(options: {
  readonly upstream: Upstream;
  readonly source: Workload;
  readonly client: Endpoint;
}): TunnelRequestHead {
  const { upstream, source, client } = options;
  if (upstream.authority === undefined) throw notATunnel(upstream);
  return {
    authority: upstream.authority,
    baggage: baggageOf(source),
    forwarded: formatForwarded({ client, host: dialledHost(upstream.service, upstream) }),
    traceparent: formatTraceparent(childTraceparent(undefined, pooledRandom)),
  };
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

/** Only a service that was dialled by its own address is what the client had in mind; a guess is not passed on. */
function dialledHost(service: Service | undefined, upstream: Upstream): string | undefined {
  return upstream.serviceAddressed ? service?.hostname : undefined;
}

function notATunnel(upstream: Upstream): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_FAULT',
    blame: 'local',
    message: `${formatEndpoint(upstream)} is reached without a tunnel and needs no request`,
  });
}

const pool = Buffer.alloc(8_192);
let used = pool.length;
