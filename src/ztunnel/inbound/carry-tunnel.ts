import {
  attributeService,
  formatAuthority,
  formatSocketAddress,
  gatewayName,
  type Service,
  type SocketAddress,
  type Workload,
} from '../../model/index.ts';
import type { ConnectionRecord } from '../../proxy/index.ts';
import { createCutter, joinStreams } from '../../proxy/index.ts';
import { ZtunnelError } from '../errors.ts';
import { fromUnknown } from '../from-unknown.ts';
import { admit } from './admit.ts';
import { applicationClient } from './application-client.ts';
import { clientWorkload, ownWorkload } from './known-workloads.ts';
import type { TunnelRequest } from '../../proxy/index.ts';
import type { InboundPorts } from './ports.ts';
import { statusFor } from './respond.ts';
import { tunnelTarget } from './tunnel-target.ts';

/**
 * One tunnel from a peer whose certificate has been verified. The order of the steps is the security of the pod: is it
 * for me, may it, does the application take it, and only then the 200 that lets bytes flow. Never rejects.
 */
export async function carryTunnel(request: TunnelRequest, ports: InboundPorts): Promise<void> {
  const record = beginRecord(request, ports);
  const cutter = createCutter();
  const onPeerGone = (): void => cutter.cut(peerGone(request));
  request.signal.addEventListener('abort', onPeerGone, { once: true });
  const releases: (() => void)[] = [];
  try {
    releases.push(ports.share.take());
    const workload = await ownWorkload(ports);
    const { target, service } = tunnelTarget(request, ports.view, workload);
    describe(record, { request, workload, target, service }, ports);
    const attributes = {
      sourceAddress: request.remote.address,
      destinationAddress: target.address,
      destinationPort: target.port,
      source: request.peer,
    };
    const { release, path, policy } = await admit({ workload, attributes, cut: cutter.cut }, ports);
    releases.push(release);
    record.learn({
      policy,
      waypoint: path.kind === 'through' ? gatewayName(ports.view, path.waypoint) : undefined,
    });
    const { remote, forwarded } = request;
    const client = applicationClient({ path, remote, claimed: forwarded.client, target }, ports);
    const upstream = await ports.connectApplication(target, client, cutter.signal);
    releases.push(
      ports.tracker.add({
        pod: ports.pod,
        direction: 'inbound',
        protocol: 'HBONE',
        source: clientEnd(request),
        dialled: request.authority.kind === 'hostname' ? request.authority.hostname : undefined,
        destination: target,
        record,
        cut: cutter.cut,
      }),
    );
    // From here on the stream itself tells when the peer goes.
    request.signal.removeEventListener('abort', onPeerGone);
    const tunnel = acceptOrLetGo(request, upstream);
    await joinStreams({ client: tunnel, upstream, record, cutter, splice: ports.splice });
  } catch (error) {
    const failure = cutter.cause ?? fromUnknown(error);
    const told = ports.refusals.tell(failure);
    record.learn({ refusalId: told.id });
    request.refuse(statusFor(failure), failure.message, told);
    record.ended({ bytesSent: 0, bytesReceived: 0, error: failure });
  } finally {
    for (const release of releases) release();
  }
}

function peerGone(request: TunnelRequest): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_PEER_GONE',
    blame: 'downstream',
    message: `${formatSocketAddress(request.remote)} gave the tunnel up before it was open`,
  });
}

/** The peer may have gone while the application was dialled: then that connection must not be left behind. */
function acceptOrLetGo(
  request: TunnelRequest,
  upstream: Awaited<ReturnType<InboundPorts['connectApplication']>>,
): ReturnType<TunnelRequest['accept']> {
  try {
    return request.accept();
  } catch (error) {
    const failure = fromUnknown(error);
    upstream.reset(failure);
    throw failure;
  }
}

/**
 * The application's end where the sender tells it and it is the very host that the tunnel comes from; else the tunnel's
 * own, which many connections share.
 */
function clientEnd({ forwarded, remote }: TunnelRequest): SocketAddress {
  return forwarded.client?.address === remote.address ? forwarded.client : remote;
}

function beginRecord(request: TunnelRequest, ports: InboundPorts): ConnectionRecord {
  const { authority } = request;
  return ports.beginRecord(
    {
      direction: 'inbound',
      protocol: 'HBONE',
      source: clientEnd(request),
      sourceWorkload: clientWorkload(ports, request.remote.address, request.peer),
      sourceIdentity: request.peer,
      destinationIdentity: ports.identity,
      dialled:
        authority.kind === 'hostname'
          ? `${authority.hostname}:${authority.port}`
          : formatAuthority(authority.address, authority.port),
      tunnel: request.local,
    },
    request.trace,
  );
}

function describe(
  record: ConnectionRecord,
  known: {
    readonly request: TunnelRequest;
    readonly workload: Workload;
    readonly target: SocketAddress;
    readonly service: Service | undefined;
  },
  ports: InboundPorts,
): void {
  const { request, workload, target, service } = known;
  record.learn({
    destination: target,
    destinationWorkload: workload,
    service: service ?? attributeService(ports.view, workload, target.port, request.forwarded.host),
  });
}
