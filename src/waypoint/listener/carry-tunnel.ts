import type { ByteStream, MeshError } from '../../base/index.ts';
import type { Workload } from '../../model/index.ts';
import { type TunnelRequest, untilKnown } from '../../proxy/index.ts';
import type { TunnelRefusal } from '../../tunnel-protocol/index.ts';
import { fromUnknown } from '../from-unknown.ts';
import type { ConnectionContext } from '../request/handle-exchange.ts';
import type { DialledTarget, RequestClient } from '../request/request-parties.ts';
import { declaredProtocol } from './declared-protocol.ts';
import { dialledTarget } from './dialled-target.ts';
import type { ListenerPorts } from './ports.ts';
import { statusFor } from './tunnel-status.ts';

/**
 * One tunnel from a peer whose certificate has been verified: is it for a service or pod of mine, and what does it speak?
 * HTTP is taken apart into requests, each of which is judged and routed; anything else is carried as it is. Never rejects.
 */
export async function carryTunnel(request: TunnelRequest, ports: ListenerPorts): Promise<void> {
  try {
    const client = clientOf(request, ports);
    const own = ports.carryOwn(request, client);
    if (own !== undefined) {
      await own;
      return;
    }
    const dialled = await knownTarget(request, ports);
    switch (declaredProtocol(dialled, ports.view)) {
      case 'tcp':
      case 'tls':
        await ports.carryBytes({
          client,
          dialled,
          signal: request.signal,
          firstBytes: undefined,
          accept: () => request.accept(),
          refuse: (failure, told) => refuse(request, failure, told),
        });
        return;
      case 'http1':
      case 'http2':
      case 'grpc':
        await serveHttp(request.accept(), ports.connectionContext(client, dialled), ports);
        return;
      case 'unknown':
        await detectAndCarry(request, { client, dialled }, ports);
    }
  } catch (error) {
    const failure = fromUnknown(error);
    refuse(request, failure, ports.refusals.tell(failure));
  }
}

/** What a tunnel asks for; a binding that clients have been told of first is waited for. */
async function knownTarget(request: TunnelRequest, ports: ListenerPorts): Promise<DialledTarget> {
  const { view, self, clock, holdMs, changes } = ports;
  let failure: unknown;
  const found = await untilKnown({ changes, clock }, holdMs, () => {
    try {
      return dialledTarget(request, view, self);
    } catch (error) {
      failure = error;
      return undefined;
    }
  });
  if (found === undefined) throw failure;
  return found;
}

/** HTTP on a port that says so: the client speaks first, so there is no hurry. */
async function serveHttp(
  accepted: ByteStream,
  context: ConnectionContext,
  ports: ListenerPorts,
): Promise<void> {
  try {
    const { protocol, stream } = await ports.detect(accepted, true);
    // What is no HTTP at all is told so by the server of HTTP/1.1.
    await serveRequests(protocol === 'http2' ? 'http2' : 'http1', stream, context, ports);
  } catch (error) {
    accepted.reset(fromUnknown(error));
  }
}

/** A port that says nothing about its protocol: a short look at the first bytes decides. */
async function detectAndCarry(
  request: TunnelRequest,
  connection: { readonly client: RequestClient; readonly dialled: DialledTarget },
  ports: ListenerPorts,
): Promise<void> {
  const accepted = request.accept();
  try {
    const { protocol, stream } = await ports.detect(accepted, false);
    if (protocol === 'http1' || protocol === 'http2') {
      const context = ports.connectionContext(connection.client, connection.dialled);
      await serveRequests(protocol, stream, context, ports);
      return;
    }
    await ports.carryBytes({
      ...connection,
      signal: request.signal,
      firstBytes: protocol,
      accept: () => stream,
      refuse: (failure) => stream.reset(failure),
    });
  } catch (error) {
    accepted.reset(fromUnknown(error));
  }
}

/** Until the connection is over. */
async function serveRequests(
  protocol: 'http1' | 'http2',
  stream: ByteStream,
  context: ConnectionContext,
  ports: ListenerPorts,
): Promise<void> {
  const connection = ports.serve(protocol, stream, (exchange) => {
    if (!ports.isTold(context.dialled)) void connection.close();
    // Never rejects.
    void ports.handle(exchange, context);
  });
  const release = ports.track(connection);
  await connection.closed;
  release();
}

/** Who is at the other end: proven by its certificate, and placed by the address that the tunnel comes from. */
function clientOf(request: TunnelRequest, { view, self }: ListenerPorts): RequestClient {
  const { peer, peerCertificateHash, remote, forwarded } = request;
  const at = view.workloadAt(self.network, remote.address);
  const port = forwarded.client?.address === remote.address ? forwarded.client.port : remote.port;
  return {
    identity: peer,
    certificateHash: peerCertificateHash,
    address: remote.address,
    port,
    workload: at !== undefined && isSame(at, request) ? at : undefined,
    trace: request.trace,
  };
}

function isSame(workload: Workload, { peer }: TunnelRequest): boolean {
  return (
    workload.namespace === peer.namespace &&
    workload.serviceAccount === peer.serviceAccount &&
    workload.trustDomain === peer.trustDomain
  );
}

function refuse(request: TunnelRequest, failure: MeshError, told: TunnelRefusal): void {
  request.refuse(statusFor(failure), failure.message, told);
}
