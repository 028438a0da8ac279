import type { MeshError } from '../../base/index.ts';
import type { SocketAddress, Workload, WorkloadUid } from '../../model/index.ts';
import { isRefusal, type Upstream, type UpstreamRefusal } from '../../model/index.ts';
import type { ConnectionRecord } from '../../proxy/index.ts';
import type { Cutter } from '../../proxy/index.ts';
import { ZtunnelError } from '../errors.ts';
import { fromUnknown } from '../from-unknown.ts';
import type { DialledUpstream, OutboundPorts } from './ports.ts';

/** Who wants to go where. */
export interface ReachRequest {
  readonly source: Workload;
  readonly destination: SocketAddress;
  readonly client: SocketAddress;
  readonly record: ConnectionRecord;
  readonly cutter: Cutter;
}

/** Which endpoint it was at last, and the stream to it. */
export interface ReachedUpstream {
  readonly upstream: Upstream;
  readonly dialled: DialledUpstream;
}

/**
 * Chooses an endpoint and connects to it; when that fails before any byte was taken, chooses another, as long as there
 * is one and the tries last (design.md, "L4 retries"). The last one gets more time, and where nobody else is left the one that
 * was too slow gets it. Throws the first failure: it is the one that tells why.
 */
export async function reachUpstream(
  request: ReachRequest,
  ports: Pick<OutboundPorts, 'resolve' | 'dial' | 'tries'>,
): Promise<ReachedUpstream> {
  const { source, destination, client, record, cutter } = request;
  const exclude = new Set<WorkloadUid>();
  let firstFailure: MeshError | undefined;
  /** The first that was given up only because others might be quicker. */
  let slow: Upstream | undefined;
  const giveUp = (refusal: UpstreamRefusal): never => {
    throw firstFailure ?? refused(refusal, record, destination.port);
  };
  for (let attempt = 1; ; attempt++) {
    const found = ports.resolve({ source, destination, exclude });
    const upstream = isRefusal(found) ? (slow ?? giveUp(found)) : found;
    const isLast = upstream === slow || attempt >= ports.tries;
    describeUpstream(record, upstream, destination.port);
    try {
      const dialled = await ports.dial(upstream, {
        source,
        client,
        trace: record.details.trace,
        isPatient: isLast || !hasOthers(upstream),
        signal: cutter.signal,
      });
      if (dialled.identity !== undefined) record.learn({ destinationIdentity: dialled.identity });
      return { upstream, dialled };
    } catch (error) {
      const failure = fromUnknown(error);
      firstFailure ??= failure;
      cutter.check();
      if (!failure.retryable || isLast || !mayTryAgain(upstream, failure)) throw firstFailure;
      if (isTooSlow(failure)) slow ??= upstream;
      if (upstream.workload !== undefined && !isStaleSession(failure)) exclude.add(upstream.workload.uid);
    }
  }
}

/** A session that was just closing may be opened anew to the same endpoint. */
function mayTryAgain(upstream: Upstream, failure: MeshError): boolean {
  return hasOthers(upstream) || isStaleSession(failure);
}

/** What a service and a waypoint may have, and a pod that is dialled by its own address has not. */
function hasOthers(upstream: Upstream): boolean {
  return upstream.serviceAddressed || upstream.kind === 'hbone-waypoint';
}

/** It did not answer within the time that it has while there are others. */
function isTooSlow({ code }: MeshError): boolean {
  return code === 'ERR_TUNNEL_CONNECT_TIMEOUT' || code === 'ERR_NET_CONNECT_TIMEOUT';
}

/** GOAWAY or REFUSED_STREAM: the session was at fault, not the endpoint. */
function isStaleSession(failure: MeshError): boolean {
  return failure.code === 'ERR_TUNNEL_STREAM_REFUSED' || failure.code === 'ERR_TUNNEL_SESSION_CLOSED';
}

function describeUpstream(record: ConnectionRecord, upstream: Upstream, dialledPort: number): void {
  const { workload } = upstream;
  const at = { address: upstream.address, port: upstream.port };
  record.learn({
    protocol: upstream.authority === undefined ? 'TCP' : 'HBONE',
    destination: { address: upstream.address, port: upstream.targetPort },
    tunnel: upstream.authority === undefined ? undefined : at,
    destinationWorkload: workload,
    service: upstream.service,
    servicePort: upstream.serviceAddressed ? dialledPort : undefined,
    // The pods of a waypoint belong to a Deployment of the Gateway's name.
    waypoint:
      upstream.kind === 'hbone-waypoint' && workload !== undefined
        ? `${workload.namespace}/${workload.workloadName}`
        : undefined,
  });
}

function refused(refusal: UpstreamRefusal, record: ConnectionRecord, dialledPort: number): ZtunnelError {
  record.learn({
    service: refusal.service,
    servicePort: dialledPort,
    destinationWorkload: refusal.workload,
  });
  return new ZtunnelError({
    code: refusal.reason === 'RECURSIVE_PORT' ? 'ERR_ZTUNNEL_RECURSIVE_PORT' : 'ERR_ZTUNNEL_NO_UPSTREAM',
    blame: 'upstream',
    message: refusal.message,
    hint: refusal.hint,
    reason: refusal.reason,
  });
}
