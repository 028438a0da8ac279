import {
  type Clock,
  type Closable,
  createSignal,
  describeError,
  type Logger,
  type Timer,
} from '../../base/index.ts';
import { isKubernetesError, type KubernetesApi, type KubernetesObject } from '../kubernetes/index.ts';
import { leaseObject, type LeaseRecord, leaseTarget, readLease } from './lease.ts';
import type { Leadership } from './leadership.ts';

/** Which Lease, as whom, and how fast a leader that is gone is replaced. */
export interface LeaderElectionOptions {
  readonly api: Pick<KubernetesApi, 'get' | 'create' | 'update'>;
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Who this is: no other process, and no later one, has the same. */
  readonly identity: string;
  /** How long others leave a lease alone that is not renewed. Default 8,000. */
  readonly durationMs?: number | undefined;
  /** A leader that could not renew for so long, counted from when it asked, stops writing. Default 5,000. */
  readonly renewWithinMs?: number | undefined;
  /** Between two looks at the lease, and between two renewals. Default 1,500. */
  readonly everyMs?: number | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random?: () => number;
}

/** One of several candidates for one Lease. */
export interface LeaderElection extends Leadership, Closable {
  /** From now on it is a candidate. */
  start(): void;
  /** Who leads, as far as it is known here; empty for nobody. */
  readonly holder: string;
}

/**
 * Candidates compare no clocks: each waits until it has itself not seen the lease change for as long as the lease says. A
 * leader stops earlier than that, by its own clock, and counts from before it asked for the renewal: there are never two,
 * however the clocks differ and however long an answer takes. Closing gives the lease back.
 */
export function createLeaderElection(options: LeaderElectionOptions): LeaderElection {
  const { api, identity, clock, log, random = Math.random } = options;
  const { durationMs = 8_000, renewWithinMs = 5_000, everyMs = 1_500 } = options;
  const target = leaseTarget(options.namespace, options.name);
  const changes = createSignal<boolean>();
  let seen:
    | { readonly object: KubernetesObject; readonly record: LeaseRecord; readonly sinceMs: number }
    | undefined;
  let leadsUntilMs = Number.NEGATIVE_INFINITY;
  let leads = false;
  let expiry: Timer | undefined;
  let next: Timer | undefined;
  let running: Promise<void> = Promise.resolve();
  let closed = false;
  let destroyed = false;
  let failing = false;

  const isLeading = (): boolean => leads && clock.monotonic() < leadsUntilMs;

  function lead(askedAtMs: number): void {
    if (destroyed) return;
    leadsUntilMs = askedAtMs + renewWithinMs;
    expiry?.cancel();
    expiry = clock.after(leadsUntilMs - clock.monotonic(), () =>
      stepDown('the lease could not be renewed in time'),
    );
    if (leads) return;
    leads = true;
    log.info('this replica leads', { lease: options.name, identity });
    changes.emit(true);
  }

  function stepDown(reason: string): void {
    expiry?.cancel();
    if (!leads) return;
    leads = false;
    log.warn('this replica leads no more', { lease: options.name, identity, reason });
    changes.emit(false);
  }

  function take(object: KubernetesObject): LeaseRecord {
    const record = readLease(object, durationMs);
    if (seen === undefined || seen.object.metadata.resourceVersion !== object.metadata.resourceVersion) {
      if (seen?.record.holder !== record.holder)
        log.info('the leader is known', { lease: options.name, holder: record.holder });
      seen = { object, record, sinceMs: clock.monotonic() };
    }
    return record;
  }

  /** As it would stand with this replica as its holder. */
  function mine(present: LeaseRecord | undefined): LeaseRecord {
    const nowMs = clock.now();
    const stays = present?.holder === identity;
    return {
      holder: identity,
      durationMs,
      acquiredAtMs: stays ? present.acquiredAtMs : nowMs,
      renewedAtMs: nowMs,
      transitions: (present?.transitions ?? 0) + (stays || present === undefined ? 0 : 1),
    };
  }

  async function look(): Promise<void> {
    const how = { timeoutMs: Math.min(renewWithinMs, CALL_TIMEOUT_MS) };
    // Who leads need not read what nobody else may have changed; where somebody has, the write says so.
    const object =
      isLeading() && seen !== undefined
        ? seen.object
        : await api.get(target, how).catch((error: unknown) => {
            if (isKubernetesError(error, 'ERR_KUBERNETES_NOT_FOUND')) return undefined;
            throw error;
          });
    if (object === undefined) {
      seen = undefined;
      const collection = { resource: target.resource, namespace: options.namespace };
      const asked = clock.monotonic();
      take(await api.create(collection, leaseObject(target, mine(undefined)), how));
      return lead(asked);
    }
    const record = take(object);
    if (record.holder !== identity && !isFree(record)) return stepDown(`${record.holder} leads`);
    if (closed) return;
    const asked = clock.monotonic();
    take(await api.update(target, leaseObject(target, mine(record), object), how));
    lead(asked);
  }

  function isFree(record: LeaseRecord): boolean {
    if (record.holder === '') return true;
    return seen !== undefined && clock.monotonic() - seen.sinceMs > record.durationMs;
  }

  async function round(): Promise<void> {
    try {
      await look();
      if (failing) log.info('the lease can be reached again', { lease: options.name });
      failing = false;
    } catch (error) {
      // Somebody was quicker: the next look shows who.
      const lost = isKubernetesError(error, 'ERR_KUBERNETES_CONFLICT', 'ERR_KUBERNETES_EXISTS');
      if (lost) stepDown('another replica wrote the lease');
      else if (!failing) {
        failing = true;
        log.warn('the lease cannot be reached', { lease: options.name, error });
      }
    }
    // Spread, so that those who wait do not all ask at once.
    if (!closed) next = clock.after(everyMs * (0.8 + 0.4 * random()), begin);
  }

  function begin(): void {
    running = round();
  }

  async function release(): Promise<void> {
    if (!leads || seen === undefined) return;
    const { object, record } = seen;
    stepDown('this replica ends');
    const free = { ...record, holder: '', durationMs: 1_000, renewedAtMs: clock.now() };
    try {
      await api.update(target, leaseObject(target, free, object), { timeoutMs: CALL_TIMEOUT_MS });
    } catch (error) {
      log.info('the lease could not be given back; it runs out', { error: describeError(error) });
    }
  }

  return {
    get leading() {
      return isLeading();
    },
    get holder() {
      return seen?.record.holder ?? '';
    },
    changes,
    start: begin,
    async close() {
      if (closed) return;
      closed = true;
      next?.cancel();
      await running;
      await release();
    },
    destroy() {
      closed = true;
      destroyed = true;
      next?.cancel();
      stepDown('this replica ends');
    },
  };
}

const CALL_TIMEOUT_MS = 2_000;
