import type { MeshError } from '../../base/index.ts';
import {
  formatSocketAddress,
  RECURSIVE_PORTS,
  sameSocketAddress,
  type SocketAddress,
} from '../../model/index.ts';
import type { ConnectionRecord } from '../../proxy/index.ts';
import { createCutter, joinStreams } from '../../proxy/index.ts';
import { ZtunnelError } from '../errors.ts';
import { fromUnknown } from '../from-unknown.ts';
import type { CapturedConnection, OutboundPorts } from './ports.ts';
import { reachUpstream } from './reach-upstream.ts';

/**
 * One outbound connection, from its capture to its record. The order of the steps is the security of the mesh: nothing
 * is dialled before the destination is known not to be ourselves, and not one byte is read before the upstream, its
 * identity proven, has taken the connection. Never rejects.
 */
export async function carryOutbound(captured: CapturedConnection, ports: OutboundPorts): Promise<void> {
  const record = ports.beginRecord(captured);
  const cutter = createCutter();
  const releases: (() => void)[] = [];
  try {
    releases.push(ports.share.take());
    const destination = destinationOf(captured);
    record.learn({ dialled: formatSocketAddress(destination) });
    refuseSelfCall(destination, captured);
    const source = await ports.sourceWorkload();
    record.learn({ sourceWorkload: source });
    const reached = await reachUpstream(
      { source, destination, client: captured.remote, record, cutter },
      ports,
    );
    releases.push(
      ports.tracker.add({
        pod: ports.pod,
        direction: 'outbound',
        protocol: reached.upstream.authority === undefined ? 'TCP' : 'HBONE',
        source: captured.remote,
        dialled: formatSocketAddress(destination),
        destination: { address: reached.upstream.address, port: reached.upstream.port },
        record,
        cut: cutter.cut,
      }),
    );
    await joinStreams({
      client: captured.stream,
      upstream: reached.dialled.stream,
      record,
      cutter,
      splice: ports.splice,
    });
  } catch (error) {
    refuse(captured, record, fromUnknown(error));
  } finally {
    for (const release of releases) release();
  }
}

/** What the kernel redirected. A connection that was not redirected dialled our own port, which nobody may. */
function destinationOf(captured: CapturedConnection): SocketAddress {
  if (captured.originalDestination !== undefined) return captured.originalDestination;
  throw new ZtunnelError({
    code: 'ERR_ZTUNNEL_NO_ORIGINAL_DESTINATION',
    blame: 'downstream',
    message: `a connection from ${formatSocketAddress(captured.remote)} to ${formatSocketAddress(captured.local)} was not redirected`,
  });
}

/** Connecting to what the pod itself dialled on our ports would come back to us for ever. */
function refuseSelfCall(destination: SocketAddress, captured: CapturedConnection): void {
  if (!RECURSIVE_PORTS.has(destination.port)) return;
  if (destination.address !== captured.remote.address && !sameSocketAddress(destination, captured.local))
    return;
  throw new ZtunnelError({
    code: 'ERR_ZTUNNEL_SELF_CALL',
    blame: 'downstream',
    message: `${formatSocketAddress(captured.remote)} dialled ${formatSocketAddress(destination)}, a port of the mesh in its own pod`,
  });
}

/** The application sees a reset, never a clean close that could pass for an empty answer. */
function refuse(captured: CapturedConnection, record: ConnectionRecord, error: MeshError): void {
  captured.stream.reset(error);
  record.ended({ bytesSent: 0, bytesReceived: 0, error });
}
