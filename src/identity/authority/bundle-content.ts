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
    rootsPem: rootsPemOf(state),
    crlsPem,
  });
}

/** The active one first. An intermediate that is replaced under its root brings that root a second time: once is enough. */
export function rootsPemOf({ roots }: AuthorityState): readonly string[] {
  return [...new Set(roots.map(({ root }) => root.certificate.pem))];
}

/** Signed lists, kept until half of their life is over, since each signing makes a new bundle version. */
export interface RevocationLists {
  /**
   * One per signer that may have certificates in use; none while revocation is off. `arm` sets the next look at them,
   * also when signing fails: lists that end unnoticed would make everybody refuse everybody.
   */
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
      const lifetimeMs = revocationListLifetimeMs;
      // A clock that was set back is no reason to wait for the time that it has lost.
      if (nowMs < signedAtMs || nowMs - signedAtMs >= lifetimeMs / 2) signed.clear();
      if (signed.size === 0) signedAtMs = nowMs;
      timer?.cancel();
      // Timers and the clock may differ: a look that comes too early must be followed by another.
      timer = arm(
        Math.min(LONGEST_LOOK_MS, lifetimeMs / 16, Math.max(1, signedAtMs + lifetimeMs / 2 - nowMs)),
      );
      const lists: string[] = [];
      for (const signer of state.roots.flatMap(allSigners)) {
        const list =
          signed.get(signer.name) ??
          (await createRevocationList({
            signer: signer.signer,
            revoked: state.record.revoked,
            thisUpdateMs: signedAtMs - BACKDATE_MS,
            nextUpdateMs: signedAtMs + lifetimeMs,
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

/** How long at most until the lists are looked at again. */
const LONGEST_LOOK_MS = 3_600_000;
/** For clocks that differ a little. */
const BACKDATE_MS = 120_000;
