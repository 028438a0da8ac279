import { constants } from 'node:crypto';
import {
  createSecureContext,
  type ConnectionOptions,
  type SecureContext,
  type SecureContextOptions,
  type TlsOptions,
} from 'node:tls';
import { type Clock, systemClock } from '../../base/index.ts';
import { chainOf } from './peer-chain.ts';
import type { PeerExpectation, PeerVerifier } from './peer-verifier.ts';

/** What TLS needs of a workload's certificate: made once per certificate and bundle, shared by all its sockets. */
export interface TlsIdentity {
  readonly context: SecureContext;
  /**
   * The same as options, private key included, for `server.setSecureContext`, which takes nothing else. Never log,
   * never keep.
   */
  readonly options: SecureContextOptions;
  /** Judges peers by the bundle that the context was made with. */
  readonly verifier: PeerVerifier;
}

/** Leaf and intermediates in `certificatePem`; the roots are the verifier's. */
export function createTlsIdentity(parts: {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly verifier: PeerVerifier;
}): TlsIdentity {
  const options: SecureContextOptions = {
    cert: parts.certificatePem,
    key: parts.privateKeyPem,
    ca: [...parts.verifier.bundle.rootsPem],
    ...PROTOCOL,
  };
  return { context: createSecureContext(options), options, verifier: parts.verifier };
}

/**
 * Options for `tls.connect({ socket, … })`. The peer is judged inside the handshake, so that a connection that is
 * established is one with an expected peer. No name is sent, no session is resumed.
 */
export function clientTlsOptions(
  identity: { readonly tls: TlsIdentity },
  expected: PeerExpectation,
  clock: Clock = systemClock,
): ConnectionOptions {
  const { context, verifier } = identity.tls;
  return {
    secureContext: context,
    ...VERSIONS,
    ALPNProtocols: [...ALPN_PROTOCOLS],
    servername: '',
    rejectUnauthorized: true,
    // Node's own check compares DNS names, which SVIDs do not have.
    checkServerIdentity: (_name, certificate) => {
      try {
        verifier.verify(chainOf(certificate), expected, clock.now());
        return undefined;
      } catch (error) {
        return error instanceof Error ? error : new Error(String(error));
      }
    },
  };
}

/**
 * Options for `http2.createSecureServer` and `tls.createServer`; listen on a file descriptor. At rotation, hand
 * `svid.tls.options` to `server.setSecureContext`. Each session must then pass `peerIdentity`.
 */
export function serverTlsOptions(identity: { readonly tls: TlsIdentity }): TlsOptions {
  return {
    ...identity.tls.options,
    ALPNProtocols: [...ALPN_PROTOCOLS],
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  };
}

/** wire.md §1.2: HBONE is HTTP/2 and nothing else. */
const ALPN_PROTOCOLS = ['h2'] as const;
/** How long either side waits for a handshake to finish. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

const VERSIONS = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const;
const PROTOCOL = {
  ...VERSIONS,
  ciphers: 'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256',
  // The hybrid with ML-KEM first: what is recorded today stays unreadable to tomorrow's quantum computers.
  ecdhCurve: 'X25519MLKEM768:X25519:P-256',
  // A resumed session would carry over an old verdict about certificates. Without self-contained tickets, and with
  // no cache in the server, nothing can be resumed.
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const;
