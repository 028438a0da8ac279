import type { Timer } from '../../base/index.ts';
import type { TrustBundle } from '../../model/index.ts';
import { createTrustBundle } from '../certificates/index.ts';
import type { AuthoritySettings, AuthorityState } from './authority-state.ts';
import { createRevocationList } from './certificate-profiles.ts';
import { allSigners } from './root-signers.ts';

/** All roots, the active one first, and the given lists. */
export function bundleOf(state: AuthorityState, crlsPem: readonly string[]): TrustBundle {
  return createTrustBundle({
    trustDomain: state.record.trustDomain,
    rootsPem: state.roots.map((root) => root.root.certificate.pem),
    crlsPem,
  });
}

/** Signed lists, kept until half of their life is over, since each signing makes a new bundle version. */
export interface RevocationLists {
  /** One per signer that may have certificates in use; none while revocation is off. `arm` sets the next renewal. */
  current(state: AuthorityState, arm: (delayMs: number) => Timer): Promise<readonly string[]>;
  /** The next `current` signs anew. */
  forget(): void;
  stop(): void;
}

/** The caller stops it when the authority closes. */
export function createRevocationLists(settings: AuthoritySettings): RevocationLists {
  const { clock, revocationListLifetimeMs } = settings;
  const signed = new Map<string, string>();
  let signedAtMs = 0;
  let timer: Timer | undefined;
  return {
    async current(state, arm) {
      if (!state.record.revocation) return [];
      const nowMs = clock.now();
      if (nowMs - signedAtMs >= revocationListLifetimeMs / 2) signed.clear();
      if (signed.size === 0) {
        signedAtMs = nowMs;
        timer?.cancel();
        timer = arm(revocationListLifetimeMs / 2);
      }
      const lists: string[] = [];
      for (const signer of state.roots.flatMap(allSigners)) {
        const list =
          signed.get(signer.name) ??
          (await createRevocationList({
            signer: signer.signer,
            revoked: state.record.revoked,
            thisUpdateMs: signedAtMs - BACKDATE_MS,
            nextUpdateMs: signedAtMs + revocationListLifetimeMs,
          }));
        signed.set(signer.name, list);
        lists.push(list);
      }
      return lists;
    },
    forget() {
      signed.clear();
    },
    stop() {
      timer?.cancel();
    },
  };
}

/** For clocks that differ a little. */
const BACKDATE_MS = 120_000;
