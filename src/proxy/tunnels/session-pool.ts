import type { TLSSocket } from 'node:tls';
import { type BufferAccount, type Clock, MeshError, sleep } from '../../base/index.ts';
import { checkPeerInForce, IdentityError, secureClient, type Svid } from '../../identity/index.ts';
import { connectTcp, type NetNamespace } from '../../net/index.ts';
import { createTunnelPool, type TunnelPool } from '../../tunnel-protocol/index.ts';
import type { TunnelMetrics } from '../../telemetry/index.ts';
import type { HeldIdentity } from './held-identity.ts';
import { type SessionKey, sessionKeyText } from './session-key.ts';

/** The sessions of one workload. */
export interface SessionPool extends TunnelPool<SessionKey> {
  /**
   * Revocation lists have changed; `current` brings the new ones. Sessions with revoked peers are cut; those that were
   * opened with a revoked certificate of our own take no new connections any more: their peers are about to cut them.
   */
  reviewRevocations(current: Svid): void;
}

/** From where, and as whom, the pool dials. */
export interface SessionPoolOptions {
  /** Where connections start; undefined: in the process's own namespace. */
  readonly namespace: NetNamespace | undefined;
  /** Packet mark, for the redirection rules of a captured pod; setting one takes a privilege. Undefined: none. */
  readonly mark: number | undefined;
  readonly identity: HeldIdentity;
  readonly account: BufferAccount;
  /** For TCP and TLS together. */
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
  /** Told of each tunnel. */
  readonly metrics?: TunnelMetrics | undefined;
}

/** Dials from the workload's namespace, with the workload's certificate. */
export function createWorkloadSessionPool(options: SessionPoolOptions): SessionPool {
  const { namespace, mark, identity, account, connectTimeoutMs, clock, metrics } = options;
  const openedWith = new WeakMap<object, Svid>();
  const connectOnce = async (key: SessionKey, signal: AbortSignal): Promise<TLSSocket> => {
    for (;;) {
      const svid = await identity.svid(signal);
      const socket = await connectTcp({
        namespace,
        ...key.destination,
        ...(mark === undefined ? {} : { mark }),
        timeoutMs: connectTimeoutMs,
        signal,
      });
      const expected = { identities: key.expected };
      const secured = await secureClient({ socket, svid, expected, signal, clock });
      try {
        // Lists that came during the handshake have only been held against the sessions of that time.
        const { verifier } = (await identity.svid(signal)).tls;
        checkPeerInForce(secured.socket, verifier);
        if (!verifier.isRevoked(svid.serial)) {
          openedWith.set(secured.socket, svid);
          return secured.socket;
        }
        secured.socket.destroy();
      } catch (error) {
        secured.socket.destroy();
        throw error;
      }
    }
  };
  const pool = createTunnelPool<SessionKey>({
    keyOf: sessionKeyText,
    account,
    clock,
    config: { poolConnectTimeoutMs: connectTimeoutMs },
    async connect(key, signal) {
      const startedMs = clock.monotonic();
      try {
        const socket = await connectInForce(key, signal);
        const over = metrics?.opened(clock.monotonic() - startedMs);
        if (over !== undefined) socket.once('close', over);
        return socket;
      } catch (error) {
        if (!signal.aborted) metrics?.failed(error instanceof MeshError ? error.code : 'unknown');
        throw error;
      }
    },
  });
  async function connectInForce(key: SessionKey, signal: AbortSignal): Promise<TLSSocket> {
    for (const pauseMs of RENEWAL_PAUSES_MS) {
      try {
        return await connectOnce(key, signal);
      } catch (error) {
        if (!(error instanceof IdentityError) || error.code !== 'ERR_IDENTITY_PEER_REVOKED') throw error;
        await sleep(clock, pauseMs, signal);
      }
    }
    return connectOnce(key, signal);
  }
  return {
    ...pool,
    reviewRevocations(current) {
      const { verifier } = current.tls;
      pool.reverify(({ socket, session }) => {
        if (isTls(socket)) checkPeerInForce(socket, verifier);
        const own = openedWith.get(socket);
        if (own !== undefined && verifier.isRevoked(own.serial)) void session.close();
      });
    },
  };
}

function isTls(socket: object): socket is TLSSocket {
  return 'getPeerX509Certificate' in socket;
}

/** A server learns of its own certificate's revocation when we do, and needs a moment to get another. */
const RENEWAL_PAUSES_MS: readonly number[] = [100, 200, 400, 800];
