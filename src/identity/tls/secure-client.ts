import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { type Clock, systemClock } from '../../base/index.ts';
import type { WorkloadIdentity } from '../../model/index.ts';
import { IdentityError } from '../errors.ts';
import { explainHandshakeFailure } from './handshake-failure.ts';
import { peerIdentity } from './peer-identity.ts';
import type { PeerExpectation } from './peer-verifier.ts';
import { clientTlsOptions, HANDSHAKE_TIMEOUT_MS, type TlsIdentity } from './tls-options.ts';

/** Over what, as whom and with whom to make a handshake. */
export interface SecureClientOptions {
  /** A connected byte pipe; owned by the handshake from here on, and destroyed when it fails. */
  readonly socket: Duplex;
  readonly svid: { readonly tls: TlsIdentity };
  readonly expected: PeerExpectation;
  /** Default 10 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
}

/** The TLS end of a connected socket, and who is at the other side. */
export interface SecuredSocket {
  readonly socket: TLSSocket;
  readonly peer: WorkloadIdentity;
}

/**
 * Makes the client's handshake over a socket and judges the server.
 * @throws IdentityError ERR_IDENTITY_PEER_…, ERR_IDENTITY_HANDSHAKE; the signal's reason when it aborts.
 */
export function secureClient(options: SecureClientOptions): Promise<SecuredSocket> {
  const { svid, expected, signal } = options;
  const clock = options.clock ?? systemClock;
  const timeoutMs = options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      options.socket.destroy();
      reject(signal.reason);
      return;
    }
    const socket = connect({ ...clientTlsOptions(svid, expected, clock), socket: options.socket });
    let judged: IdentityError | undefined;
    const settle = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
      socket.off('close', onClose);
      socket.off('secureConnect', onSecure);
      socket.off('error', fail);
    };
    const fail = (error: unknown): void => {
      settle();
      // Failures after the first say nothing new, and must not be unhandled.
      socket.on('error', ignoreLateFailure);
      socket.destroy();
      options.socket.destroy();
      reject(signal?.aborted ? signal.reason : (judged ?? explainHandshakeFailure(error, socket)));
    };
    const onAbort = (): void => fail(signal?.reason);
    const onClose = (): void => fail(handshakeError('the connection was closed', true));
    const onSecure = (): void => {
      try {
        const peer = peerIdentity(socket, expected, svid.tls.verifier, clock.now());
        settle();
        // Until its new owner listens; who takes a socket that has failed by then finds it destroyed.
        socket.on('error', ignoreLateFailure);
        resolve({ socket, peer });
      } catch (error) {
        fail(error);
      }
    };
    const timer = clock.after(timeoutMs, () => fail(handshakeError(`none within ${timeoutMs} ms`, true)));
    // Before Node's own verdict, which names neither certificate nor time and lets go of both.
    socket.prependOnceListener('secure', () => {
      try {
        peerIdentity(socket, expected, svid.tls.verifier, clock.now());
      } catch (error) {
        if (error instanceof IdentityError) judged = error;
      }
    });
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('error', fail);
    socket.once('close', onClose);
    socket.once('secureConnect', onSecure);
  });
}

function handshakeError(got: string, retryable: boolean): IdentityError {
  return new IdentityError({
    code: 'ERR_IDENTITY_HANDSHAKE',
    blame: 'upstream',
    message: `expected a TLS handshake, got ${got}`,
    retryable,
  });
}

function ignoreLateFailure(): void {
  // The first failure has been reported, or 'close' follows.
}
