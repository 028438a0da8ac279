import type { Clock } from '../../base/index.ts';
import type { DeltaResponse } from '../messages.ts';
import type { ProxyTypeStatus } from './connected-proxy.ts';
import type { Subscription } from './subscription.ts';

/** What one stream was told of one type, and what it said to that. */
export interface TypeProgress {
  readonly subscription: Subscription;
  /** The subscription has been told of changes. */
  changed(): void;
  sent(response: DeltaResponse): void;
  /** Returns how many milliseconds there are between the change and this. */
  acknowledged(nonce: string): number;
  rejected(nonce: string, message: string): void;
  describe(): ProxyTypeStatus;
}

/** Nothing was sent yet. */
export function createTypeProgress(
  typeUrl: string,
  subscription: Subscription,
  clock: Pick<Clock, 'now'>,
): TypeProgress {
  const sent = { nonce: '', version: '' };
  const acknowledged = { nonce: '', version: '' };
  let lastAcknowledgedAtMs: number | undefined;
  let lastRejection: ProxyTypeStatus['lastRejection'];
  /** When the first change came that has not been sent. */
  let changedAtMs: number | undefined;
  /** When the first change came that is under way. */
  let underWaySinceMs: number | undefined;
  return {
    subscription,
    changed() {
      // What was taken back before it was told is nothing to be behind with.
      changedAtMs = subscription.hasMore ? (changedAtMs ?? clock.now()) : undefined;
    },
    sent({ nonce, systemVersion }) {
      sent.nonce = nonce;
      sent.version = systemVersion;
      underWaySinceMs = changedAtMs ?? clock.now();
      // What did not fit is behind for as long as what did.
      if (!subscription.hasMore) changedAtMs = undefined;
    },
    acknowledged(nonce) {
      const nowMs = clock.now();
      acknowledged.nonce = nonce;
      acknowledged.version = sent.version;
      lastAcknowledgedAtMs = nowMs;
      const tookMs = Math.max(0, nowMs - (underWaySinceMs ?? nowMs));
      underWaySinceMs = undefined;
      return tookMs;
    },
    rejected(nonce, message) {
      lastRejection = { nonce, version: sent.version, message, atMs: clock.now() };
      underWaySinceMs = undefined;
    },
    describe() {
      const current = subscription.ready ? 'stale' : 'synced';
      return {
        typeUrl,
        state: subscription.awaiting === undefined ? current : 'pending',
        behindSinceMs: underWaySinceMs ?? changedAtMs,
        wildcard: subscription.wildcard,
        names: subscription.names.size,
        sentNonce: sent.nonce,
        acknowledgedNonce: acknowledged.nonce,
        sentVersion: sent.version,
        acknowledgedVersion: acknowledged.version,
        lastAcknowledgedAtMs,
        lastRejection,
      };
    },
  };
}
