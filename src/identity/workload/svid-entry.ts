// Long, but one thing: a state machine whose timers, attempts and waiters all turn on the same certificate.
import {
  atTime,
  type Clock,
  createBackoff,
  describeError,
  type Logger,
  MeshError,
  type Timer,
} from '../../base/index.ts';
import type { TrustBundle, WorkloadIdentity } from '../../model/index.ts';
import { type Certificate, createSigningRequest } from '../certificates/index.ts';
import type { PeerVerifier } from '../tls/index.ts';
import { type CertificateStatus, describeSvid } from './certificate-status.ts';
import type { FetchPriority, FetchQueue } from './fetch-queue.ts';
import { createRotationHistory, type RotationTotals } from './rotation-history.ts';
import { alarmTimeMs, rotationTimeMs } from './schedule.ts';
import { acceptIssued, createSvid, type Svid, type SvidMaterial, standingOf } from './svid.ts';
import { createWaiters } from './waiters.ts';
import { lateError, unavailable, refusedError } from './svid-errors.ts';

/** How a store gets a certificate: usually the controller, by gRPC. Must honour the signal. */
export type IssueFunction = (request: {
  readonly csrPem: string;
  readonly identity: WorkloadIdentity;
  readonly ttlMs: number;
  readonly signal: AbortSignal;
}) => Promise<{ readonly chainPem: readonly string[] }>;

/** What one identity's entry needs of the store around it. */
export interface EntryContext {
  readonly issue: IssueFunction;
  readonly ttlMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly queue: FetchQueue;
  readonly patienceMs: number;
  readonly attemptTimeoutMs: number;
  readonly renewalSpreadMs: number;
  readonly rotations: RotationTotals;
  /** By the bundle received, or else by what came with the certificate. */
  verifierFor(material: SvidMaterial): PeerVerifier;
  knownRoots(): readonly Certificate[];
  onSvid(svid: Svid): void;
  /** Nobody holds, waits for or could use the entry any more. */
  onUnused(): void;
}

/**
 * One identity's certificate over time:
 *
 *   none ──fetch──▶ fresh ──half of life──▶ due ──fetch──▶ fresh …
 *                                            └─ fetch fails: kept, and retried, until it expires ─▶ none
 *
 * Revoked, a certificate is none from that moment on, and another is fetched as if a connection waited for it. At most one fetch is under way. Without a holder nothing is renewed, and expiry ends the entry.
 */
export interface SvidEntry {
  /** Neither expired nor revoked. */
  readonly current: Svid | undefined;
  readonly material: SvidMaterial | undefined;
  readonly holders: number;
  get(priority: FetchPriority, signal?: AbortSignal): Promise<Svid>;
  hold(): () => void;
  adopt(material: SvidMaterial): void;
  bundleChanged(bundle: TrustBundle): void;
  status(): CertificateStatus;
  /** Ends everything; those who wait are told `cause`. */
  destroy(cause: Error): void;
}

/** Does nothing until it is held or asked. Whoever makes it destroys it. */
export function createSvidEntry(identity: WorkloadIdentity, context: EntryContext): SvidEntry {
  const { clock, queue } = context;
  const log = context.log.child({ identity: identity.id });
  const backoff = createBackoff(RETRY, context.random);
  const rotations = createRotationHistory(context.rotations);
  let material: SvidMaterial | undefined;
  let svid: Svid | undefined;
  let revoked = false;
  let holders = 0;
  let rotatesAtMs: number | undefined;
  let fetching: AbortController | undefined;
  /** By the clock that never jumps. */
  let attemptedAtMs = Number.NEGATIVE_INFINITY;
  let lastError: unknown;
  let alarm = false;
  let destroyed = false;
  let rotationTimer: Timer | undefined;
  let alarmTimer: Timer | undefined;
  let retryTimer: Timer | undefined;

  const current = (): Svid | undefined =>
    svid !== undefined && !revoked && clock.now() < svid.notAfterMs ? svid : undefined;
  const leaveIfUnused = (): void => {
    if (holders === 0 && waiters.size === 0 && current() === undefined) context.onUnused();
  };
  const waiters = createWaiters<Svid>(clock, leaveIfUnused);

  const want = (priority: FetchPriority): void => {
    if (fetching !== undefined || destroyed) return;
    if (retryTimer !== undefined) {
      // A connection that waits shortens the pause between attempts, but never below the shortest one.
      if (priority !== 'connection') return;
      const leftMs = attemptedAtMs + RETRY.initialMs - clock.monotonic();
      retryTimer.cancel();
      if (leftMs > 0) {
        retryAfter(leftMs);
        return;
      }
      retryTimer = undefined;
    }
    queue.add(identity.id, priority, fetch);
  };

  const fetch = async (): Promise<void> => {
    const attempt = new AbortController();
    fetching = attempt;
    attemptedAtMs = clock.monotonic();
    const timer = clock.after(context.attemptTimeoutMs, () =>
      attempt.abort(unavailable(`expected an answer within ${context.attemptTimeoutMs} ms, got none`)),
    );
    try {
      const { csrPem, privateKeyPem } = await createSigningRequest(identity);
      const issuing = context.issue({ csrPem, identity, ttlMs: context.ttlMs, signal: attempt.signal });
      const { chainPem } = await abandonable(issuing, attempt.signal);
      const nowMs = clock.now();
      const knownRoots = context.knownRoots();
      const issued = acceptIssued({ chainPem, identity, privateKeyPem, knownRoots, nowMs });
      if (isRevoked(issued)) throw unavailable('expected a certificate in force, got one revoked meanwhile');
      fetching = undefined;
      rotations.add({ atMs: nowMs, serial: issued.leaf.serial, outcome: 'issued', error: '' });
      if (!destroyed) adopt(issued);
    } catch (error) {
      fetching = undefined;
      if (!destroyed) onFailure(error);
    } finally {
      timer.cancel();
    }
  };

  const onFailure = (error: unknown): void => {
    lastError = error;
    rotations.add({ atMs: clock.now(), serial: '', outcome: 'failed', error: describeError(error) });
    const refused = error instanceof MeshError && !error.retryable;
    const delayMs = backoff.next();
    log.warn('svid not renewed', { error, retryInMs: Math.round(delayMs), expiresAtMs: svid?.notAfterMs });
    if (refused) waiters.rejectAll(refusedError(identity, error));
    if (holders === 0 && waiters.size === 0) {
      leaveIfUnused();
      return;
    }
    retryAfter(delayMs);
  };
  const retryAfter = (delayMs: number): void => {
    retryTimer = clock.after(delayMs, () => {
      retryTimer = undefined;
      const own = revoked ? 'connection' : current() === undefined ? 'warm' : 'background';
      want(waiters.priority ?? own);
    });
  };

  const isRevoked = (one: SvidMaterial): boolean => {
    const verifier = context.verifierFor(one);
    return [one.leaf, ...one.intermediates].some(({ serial }) => verifier.isRevoked(serial));
  };
  const adopt = (next: SvidMaterial): void => {
    material = next;
    svid = createSvid(next, context.verifierFor(next));
    lastError = undefined;
    backoff.reset();
    schedule();
    log.debug('svid received', { serial: svid.serial, notAfterMs: svid.notAfterMs });
    revoked = isRevoked(next);
    context.onSvid(svid);
    if (revoked) replaceRevoked();
    else waiters.resolveAll(svid);
  };
  /** Whoever stole it is refused everywhere; whoever it was made for goes on with another one, and another key. */
  const replaceRevoked = (): void => {
    log.warn('own certificate revoked', { serial: svid?.serial });
    rotationTimer?.cancel();
    alarmTimer?.cancel();
    rotatesAtMs = clock.now();
    if (holders > 0 || waiters.size > 0) want('connection');
    else context.onUnused();
  };

  const schedule = (): void => {
    if (svid === undefined) return;
    alarm = false;
    rotateAt(rotationTimeMs(svid, context.random()));
    alarmTimer?.cancel();
    alarmTimer = atTime(clock, alarmTimeMs(svid), onAlarm);
  };
  const rotateAt = (timeMs: number): void => {
    rotatesAtMs = timeMs;
    rotationTimer?.cancel();
    // One that is not valid yet was made by a clock that has been set back since, and peers refuse it; or ours goes wrong now,
    // and they do not: it is replaced, and used until then.
    rotationTimer = atTime(clock, timeMs, onRotationDue, svid?.notBeforeMs);
  };
  const onRotationDue = (): void => {
    if (holders > 0) want(current() === undefined ? 'warm' : 'background');
    else if (svid !== undefined) {
      if (svid.notAfterMs <= clock.now()) leaveIfUnused();
      else rotationTimer = atTime(clock, svid.notAfterMs, onRotationDue);
    }
  };
  const onAlarm = (): void => {
    if (holders === 0) return;
    alarm = true;
    log.error('svid past three quarters of its life', { error: lastError, expiresAtMs: svid?.notAfterMs });
  };

  return {
    get current() {
      return current();
    },
    get material() {
      return material;
    },
    get holders() {
      return holders;
    },
    get(priority, signal) {
      const ready = current();
      if (ready !== undefined) return Promise.resolve(ready);
      const late = (): Error => lateError(identity, context.patienceMs, lastError);
      const waiting = waiters.wait({ priority, patienceMs: context.patienceMs, late, signal });
      if (waiters.size > 0) want(priority);
      return waiting;
    },
    hold() {
      holders += 1;
      if (current() === undefined) want('warm');
      else if (rotatesAtMs !== undefined && clock.now() >= rotatesAtMs) want('background');
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        holders -= 1;
        if (holders === 0 && waiters.size === 0 && !destroyed) context.onUnused();
      };
    },
    adopt,
    bundleChanged(bundle) {
      if (material === undefined) return;
      const wasUsable = current() !== undefined;
      revoked ||= isRevoked(material);
      // Also one that cannot be used any more brings along by what peers are judged.
      svid = createSvid(material, context.verifierFor(material));
      context.onSvid(svid);
      if (!wasUsable) return;
      if (revoked) {
        replaceRevoked();
        return;
      }
      const nowMs = clock.now();
      const standing = standingOf(material, bundle, nowMs);
      if (standing === 'untrusted') rotateAt(nowMs);
      // Everybody hears of a new root at once, and must not all come at once.
      if (standing === 'trusted')
        rotateAt(Math.min(rotatesAtMs ?? nowMs, nowMs + context.random() * context.renewalSpreadMs));
    },
    status() {
      const usable = current();
      const trying = fetching !== undefined || lastError === undefined;
      return {
        identity: identity.id,
        state: usable !== undefined ? 'Available' : trying ? 'Initializing' : 'Unavailable',
        ...describeSvid(usable),
        holders,
        alarm,
        rotatesAtMs,
        notBeforeMs: svid?.notBeforeMs,
        notAfterMs: svid?.notAfterMs,
        rotations: rotations.newestFirst,
        lastError: lastError === undefined ? undefined : describeError(lastError),
      };
    },
    destroy(cause) {
      destroyed = true;
      queue.remove(identity.id);
      fetching?.abort(cause);
      for (const timer of [rotationTimer, alarmTimer, retryTimer]) timer?.cancel();
      waiters.rejectAll(cause);
    },
  };
}

/** An answer that is not awaited any more once the signal aborts, whatever the one who makes it does. */
function abandonable<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** wire.md §2.8. */
const RETRY = { initialMs: 500, maximumMs: 150_000, factor: 2, jitter: 0.2 } as const;
