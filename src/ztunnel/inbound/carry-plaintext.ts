import {
  attributeService,
  formatSocketAddress,
  RECURSIVE_PORTS,
  sameSocketAddress,
  type SocketAddress,
} from '../../model/index.ts';
import { createCutter, joinStreams } from '../../proxy/index.ts';
import { ZtunnelError } from '../errors.ts';
import { fromUnknown } from '../from-unknown.ts';
import type { CapturedConnection } from '../outbound/ports.ts';
import { admit } from './admit.ts';
import { clientWorkload, ownWorkload } from './known-workloads.ts';
import type { InboundPorts } from './ports.ts';
import { checkPort } from './tunnel-target.ts';

/**
 * One plaintext connection that somebody outside the mesh opened to this pod. It is judged like any other, only that
 * nobody vouches for its client: STRICT refuses it. Never rejects.
 */
export async function carryPlaintext(captured: CapturedConnection, ports: InboundPorts): Promise<void> {
  const { remote, stream: client } = captured;
  const record = ports.beginRecord({
    direction: 'inbound',
    protocol: 'TCP',
    source: remote,
    sourceWorkload: clientWorkload(ports, remote.address, undefined),
  });
  const cutter = createCutter();
  const releases: (() => void)[] = [];
  try {
    releases.push(ports.share.take());
    const target = targetOf(captured);
    record.learn({ dialled: formatSocketAddress(target), destination: target });
    const workload = await ownWorkload(ports);
    record.learn({
      destinationWorkload: workload,
      service: attributeService(ports.view, workload, target.port),
    });
    const attributes = {
      sourceAddress: remote.address,
      destinationAddress: target.address,
      destinationPort: target.port,
      source: undefined,
    };
    const { release, policy } = await admit({ workload, attributes, cut: cutter.cut }, ports);
    releases.push(release);
    record.learn({ policy });
    const upstream = await ports.connectApplication(target, remote.address, cutter.signal);
    releases.push(
      ports.tracker.add({
        pod: ports.pod,
        direction: 'inbound',
        protocol: 'TCP',
        source: remote,
        dialled: undefined,
        destination: target,
        record,
        cut: cutter.cut,
      }),
    );
    await joinStreams({ client, upstream, record, cutter, splice: ports.splice });
  } catch (error) {
    const failure = cutter.cause ?? fromUnknown(error);
    client.reset(failure);
    record.ended({ bytesSent: 0, bytesReceived: 0, error: failure });
  } finally {
    for (const release of releases) release();
  }
}

/** Where it was going; a connection straight to our own port was going nowhere. */
function targetOf(captured: CapturedConnection): SocketAddress {
  const { originalDestination } = captured;
  if (originalDestination === undefined) throw notRedirected(captured);
  // What was not redirected has our own port and address as its destination.
  if (RECURSIVE_PORTS.has(originalDestination.port) && sameSocketAddress(originalDestination, captured.local))
    throw notRedirected(captured);
  return checkPort(originalDestination);
}

function notRedirected({ remote, local }: CapturedConnection): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_NO_ORIGINAL_DESTINATION',
    blame: 'downstream',
    message: `a connection from ${formatSocketAddress(remote)} to ${formatSocketAddress(local)} was not redirected`,
  });
}
