import type { Clock } from '../../base/index.ts';
import { parseIpAddress, type Workload, type WorkloadIdentity } from '../../model/index.ts';
import { connectTcp, splice, tcpByteStream } from '../../net/index.ts';
import {
  beginRecord,
  type ConnectionJournal,
  createCutter,
  joinStreams,
  type RefusalTeller,
  type TunnelRequest,
} from '../../proxy/index.ts';
import { fromUnknown } from '../from-unknown.ts';
import type { RequestClient } from '../request/request-parties.ts';
import { statusFor } from './tunnel-status.ts';

/** Which ports, and as whom connections to them are told of. */
export interface OwnPortDeps {
  /** Those of the replica's own that anybody may ask without a tunnel, too: metrics and readiness. */
  readonly ports: ReadonlySet<number>;
  readonly identity: WorkloadIdentity;
  readonly journal: ConnectionJournal;
  readonly refusals: RefusalTeller;
  readonly clock: Clock;
  ownWorkload(): Workload | undefined;
}

/** Undefined: it is not for such a port. Never rejects. */
export type OwnPortCarrier = (request: TunnelRequest, client: RequestClient) => Promise<void> | undefined;

/** The mesh sends everything for a waypoint's pod through its tunnels: a Prometheus in the mesh comes this way. */
export function createOwnPortCarrier(deps: OwnPortDeps): OwnPortCarrier {
  return (request, client) => {
    const { authority } = request;
    const own = deps.ownWorkload();
    if (authority.kind !== 'address' || own === undefined) return undefined;
    if (!deps.ports.has(authority.port) || !own.addresses.includes(authority.address)) return undefined;
    return carryOwn(request, client, { deps, own, port: authority.port });
  };
}

async function carryOwn(
  request: TunnelRequest,
  client: RequestClient,
  { deps, own, port }: { readonly deps: OwnPortDeps; readonly own: Workload; readonly port: number },
): Promise<void> {
  const { journal, clock, identity } = deps;
  const record = beginRecord(journal, clock.monotonic, {
    direction: 'inbound',
    protocol: 'HBONE',
    source: client,
    sourceWorkload: client.workload,
    sourceIdentity: client.identity,
    destinationIdentity: identity,
    destinationWorkload: own,
    destination: { address: LOOPBACK, port },
  });
  const cutter = createCutter();
  try {
    const socket = await connectTcp({
      namespace: undefined,
      address: LOOPBACK,
      port,
      timeoutMs: CONNECT_TIMEOUT_MS,
      signal: request.signal,
    });
    socket.on('error', () => undefined);
    const upstream = tcpByteStream(socket);
    await joinStreams({ client: request.accept(), upstream, record, cutter, splice });
  } catch (error) {
    const failure = fromUnknown(error);
    const told = deps.refusals.tell(failure);
    record.learn({ refusalId: told.id });
    request.refuse(statusFor(failure), failure.message, told);
    record.ended({ bytesSent: 0, bytesReceived: 0, error: failure });
  }
}

const CONNECT_TIMEOUT_MS = 2_000;
const LOOPBACK = parseIpAddress('127.0.0.1');
