import type { TLSSocket } from 'node:tls';
import { type BufferAccount, causeOf, MeshError } from '../../base/index.ts';
import { explainHandshakeFailure, IdentityError, serverTlsOptions, type Svid } from '../../identity/index.ts';
import type { SocketAddress, WorkloadIdentity } from '../../model/index.ts';
import { parseTraceparent } from '../../telemetry/index.ts';
import {
  createTunnelServer,
  type IncomingTunnel,
  parseForwarded,
  TunnelError,
  type TunnelServer,
} from '../../tunnel-protocol/index.ts';
import type { PeerJudge } from './held-identity.ts';
import type { TunnelRequest } from './tunnel-request.ts';

/** Something on 15008 that never became a connection of an application: no session, or no CONNECT. */
export interface TunnelRejection {
  readonly error: MeshError;
  readonly remote: SocketAddress | undefined;
  readonly peer: WorkloadIdentity | undefined;
}

/** A workload's HBONE port. Certificates are those of `svid` until `setSecureContext`. */
export function createTunnelListener(options: {
  readonly svid: Svid;
  readonly trustDomain: string;
  readonly judge: PeerJudge;
  readonly account: BufferAccount;
  /** Told to peers in the 200; empty: nothing. */
  baggage(): string;
  onTunnel(request: TunnelRequest): void;
  onRejected(rejection: TunnelRejection): void;
}): TunnelServer {
  return createTunnelServer<ProvenPeer>({
    tls: serverTlsOptions(options.svid),
    account: options.account,
    authenticate: (socket) => ({
      identity: options.judge.judge(socket, { trustDomain: options.trustDomain }),
      certificateHash: () => certificateHash(socket),
    }),
    onTunnel: (tunnel) => options.onTunnel(requestOf(tunnel, options.baggage)),
    onBadRequest: ({ error, peer, remote }) => options.onRejected({ error, peer: peer.identity, remote }),
    onSessionRefused: (error, remote, verdict) =>
      options.onRejected({ error: asMeshError(error, verdict), remote, peer: undefined }),
  });
}

/** The peer of one session. */
interface ProvenPeer {
  readonly identity: WorkloadIdentity;
  certificateHash(): string;
}

/** Empty when the peer has gone meanwhile. */
function certificateHash(socket: TLSSocket): string {
  return (socket.getPeerX509Certificate()?.fingerprint256 ?? '').replaceAll(':', '').toLowerCase();
}

function requestOf(tunnel: IncomingTunnel<ProvenPeer>, baggage: () => string): TunnelRequest {
  return {
    authority: tunnel.authority,
    peer: tunnel.peer.identity,
    peerCertificateHash: tunnel.peer.certificateHash,
    local: tunnel.local,
    remote: tunnel.remote,
    forwarded: parseForwarded(tunnel.head.forwarded),
    trace: parseTraceparent(tunnel.head.traceparent),
    signal: tunnel.signal,
    accept: () => tunnel.accept({ baggage: baggage() }),
    refuse: (status, reason, told) => tunnel.refuse(status, reason, told),
  };
}

/** What was wrong with the peer, in its own code: Node has a bare TLS error for it, our server one code for all. */
function asMeshError(error: Error, authorizationError: unknown): MeshError {
  if (error instanceof TunnelError && error.code === 'ERR_TUNNEL_PEER_REFUSED')
    return causeOf(error, IdentityError) ?? error;
  return error instanceof MeshError ? error : explainHandshakeFailure(error, { authorizationError });
}
