import type { TLSSocket } from 'node:tls';
import type { Signal } from '../../base/index.ts';
import { checkPeerInForce, type PeerExpectation, peerIdentity, type Svid } from '../../identity/index.ts';
import type { WorkloadIdentity } from '../../model/index.ts';

/** Whom one workload is and whom it trusts: the only part of the certificate store that its proxy sees. */
export interface HeldIdentity {
  readonly identity: WorkloadIdentity;
  /** The certificate to use now; a connection may be waiting for it. */
  svid(signal?: AbortSignal): Promise<Svid>;
  /** Each new certificate of this workload, also those made anew for another bundle. */
  readonly renewals: Signal<Svid>;
  /** Lists of revoked certificates have changed. */
  readonly revocations: Signal<void>;
}

/** Says who is at the other end, and on being asked again only whether that has been revoked. */
export interface PeerJudge {
  /** Throws IdentityError. */
  judge(socket: TLSSocket, expected: PeerExpectation): WorkloadIdentity;
}

/**
 * A session outlives its certificates, and roots that were taken out of the bundle since: only a revocation ends it.
 * Rotating certificates or roots therefore never cuts a connection.
 */
export function createPeerJudge(current: () => Svid): PeerJudge {
  const proven = new WeakMap<TLSSocket, WorkloadIdentity>();
  return {
    judge(socket, expected) {
      const known = proven.get(socket);
      if (known !== undefined) {
        checkPeerInForce(socket, current().tls.verifier);
        return known;
      }
      const peer = peerIdentity(socket, expected, current().tls.verifier);
      proven.set(socket, peer);
      return peer;
    },
  };
}
