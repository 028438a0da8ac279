import { createSignal } from '../../base/index.ts';
import type { SvidStore } from '../../identity/index.ts';
import type { WorkloadIdentity } from '../../model/index.ts';
import type { Svid } from '../../identity/index.ts';
import type { HeldIdentity } from './held-identity.ts';

/** Gives each workload its own narrow view of the certificate store. */
export function createHeldIdentities(svids: SvidStore): (identity: WorkloadIdentity) => HeldIdentity {
  const revocations = createSignal<void>();
  let lists = svids.trustBundle?.crlsPem.join('') ?? '';
  svids.trustChanges.subscribe((bundle) => {
    const next = bundle.crlsPem.join('');
    if (next === lists) return;
    lists = next;
    // The certificates are made anew for the bundle in this very turn; sessions are looked at after that.
    queueMicrotask(() => revocations.emit());
  });
  return (identity) => ({
    identity,
    svid: (signal) => svids.get(identity, 'connection', signal),
    renewals: {
      subscribe: (listener: (svid: Svid) => void) =>
        svids.svidChanges.subscribe((svid) => {
          if (svid.identity.id === identity.id) listener(svid);
        }),
    },
    revocations,
  });
}
