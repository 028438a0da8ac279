export { findPath } from './chain.ts';
export { explainHandshakeFailure } from './handshake-failure.ts';
export { checkPeerInForce, peerChain, peerIdentity } from './peer-identity.ts';
export {
  createPeerVerifier,
  identityOf,
  type PeerExpectation,
  type PeerVerifier,
  type RevocationPeriod,
  verifyPeer,
} from './peer-verifier.ts';
export { type SecureClientOptions, type SecuredSocket, secureClient } from './secure-client.ts';
export { clientTlsOptions, createTlsIdentity, serverTlsOptions, type TlsIdentity } from './tls-options.ts';
