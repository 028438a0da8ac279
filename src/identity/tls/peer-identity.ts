import type { TLSSocket } from 'node:tls';
import type { WorkloadIdentity } from '../../model/index.ts';
import { normalSerial } from '../certificates/index.ts';
import { peerError } from './chain.ts';
import { certificatesOf, chainOf } from './peer-chain.ts';
import type { PeerExpectation, PeerVerifier } from './peer-verifier.ts';

/**
 * Who is at the other end of a finished handshake. Called for every session, also where Node verified already: ours
 * is the decision that counts, and it can be asked again when the bundle has changed.
 * @throws IdentityError ERR_IDENTITY_PEER_….
 */
export function peerIdentity(
  socket: TLSSocket,
  expected: PeerExpectation,
  verifier: PeerVerifier,
  nowMs: number = Date.now(),
): WorkloadIdentity {
  const protocol = socket.getProtocol();
  if (protocol !== 'TLSv1.3' || socket.alpnProtocol !== 'h2') {
    throw peerError(
      'ERR_IDENTITY_PEER_PROTOCOL',
      `expected TLSv1.3 with ALPN h2, got ${protocol ?? 'no TLS'} with ALPN ${socket.alpnProtocol || 'none'}`,
    );
  }
  if (socket.isSessionReused())
    throw peerError('ERR_IDENTITY_PEER_PROTOCOL', 'expected a full handshake, got a resumed session');
  return verifier.verify(peerChain(socket), expected, nowMs);
}

/**
 * The one question that is asked again while a session lives: neither the end of a certificate's life nor a change of
 * roots ends it.
 * @throws IdentityError ERR_IDENTITY_PEER_REVOKED.
 */
export function checkPeerInForce(socket: TLSSocket, verifier: PeerVerifier): void {
  const chain = certificatesOf(socket.getPeerCertificate(true));
  const revoked = chain.map(({ serialNumber }) => normalSerial(serialNumber)).find(verifier.isRevoked);
  if (revoked === undefined) return;
  const name = chain[0]?.subjectaltname?.slice(0, 300) ?? 'a peer';
  throw peerError(
    'ERR_IDENTITY_PEER_REVOKED',
    `expected a certificate in force, got ${name} with revoked serial ${revoked}`,
  );
}

/** The certificates that the peer sent, DER, leaf first; empty when it sent none. */
export function peerChain(socket: TLSSocket): readonly Uint8Array[] {
  // Only the detailed form tells a server about intermediates; Node 24.21.0 and 26.8.0 hide them there
  // (nodejs/node#65579), and then a chain that needs one is refused.
  return chainOf(socket.getPeerCertificate(true));
}
