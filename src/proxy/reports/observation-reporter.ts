import {
  type Clock,
  type Closable,
  causeOf,
  createBackoff,
  describeError,
  type Logger,
  silentLogger,
  systemClock,
  type Timer,
} from '../../base/index.ts';
import type { ObservationReceipt, ObservationReport, ObservedBatch, ProxyState } from '../../model/index.ts';
import type { ObservationStore } from '../../telemetry/index.ts';
import { WireError } from '../../wire/index.ts';
import { createFollowedRequests } from './followed-requests.ts';

/** Whose store is reported, and by which call. */
export interface ObservationReporterOptions {
  /** `ztunnel/<node>` or `waypoint/<namespace>/<pod>`: whom the controller knows the token's owner as. */
  readonly proxy: string;
  readonly version: string;
  /** Where people find the proxy's own dashboard. Default: nobody is told. */
  readonly dashboardUrl?: string | undefined;
  readonly store: Pick<ObservationStore, 'instance' | 'since' | 'seal' | 'follow'>;
  /** How things are; asked every few seconds. */
  readonly state: () => ProxyState;
  /** Usually `reportObservations` of the controller's client. */
  readonly send: (report: ObservationReport, signal: AbortSignal) => Promise<ObservationReceipt>;
  readonly clock?: Clock | undefined;
  readonly log?: Logger | undefined;
  readonly random?: (() => number) | undefined;
}

/**
 * Tells the controller what the store has seen: every second and a half while something happens, so that a refusal is there within
 * two, and every ten otherwise. One report at a time; nothing waits for it, and what it could not tell stays in the store, which is
 * bounded. `close` tells what is left before it ends, for two seconds at most: nobody else can.
 */
export interface ObservationReporter extends Closable {
  /** Reports from now on. */
  start(): void;
  /** Where the dashboard of the whole mesh is, as the controller said last; empty where it did not. */
  readonly meshDashboardUrl: string;
  /** Another process speaks for the proxy from now on: this one still tells what it sees, and no more how things are. */
  retire(): void;
}

/** Tells nothing before `start`. A report that failed is tried again, after longer and longer times. */
export function createObservationReporter(options: ObservationReporterOptions): ObservationReporter {
  const { proxy, version, store, send, clock = systemClock, log = silentLogger } = options;
  const { random = Math.random, dashboardUrl = '' } = options;
  const backoff = createBackoff({ initialMs: BUSY_MS, maximumMs: LONGEST_WAIT_MS, jitter: 0.2 }, random);
  const stopped = new AbortController();
  const requests = createFollowedRequests(store);
  // A ztunnel takes no requests apart; following them would only have it make views of connections.
  const seesRequests = proxy.startsWith('waypoint/');
  let timer: Timer | undefined;
  let current: Promise<boolean> | undefined;
  let ending: Promise<void> | undefined;
  let retired = false;
  let acknowledged = 0;
  /** Where another controller goes on; undefined where all that is there may be told. */
  let nextUpTo: number | undefined;
  /** What no controller can read: they are told that it is over, and not what it was. */
  let unreadable: ObservedBatch | undefined;
  let most = MOST_OF_A_KIND;
  let failing = false;
  let meshDashboardUrl = '';
  /** Something happened since the state of things was told. */
  let stateIsOld = false;
  /** By the clock that never jumps. */
  let sentAtMs = Number.NEGATIVE_INFINITY;
  let stateAtMs = Number.NEGATIVE_INFINITY;

  const next = (delayMs: number): void => {
    if (ending !== undefined || stopped.signal.aborted) return;
    timer = clock.after(delayMs, () => {
      current = round();
    });
  };

  /** Whether there is anything to say now. */
  const isDue = (isEmpty: boolean, nowMs: number): boolean => {
    if (!isEmpty) return true;
    if (retired || ending !== undefined) return false;
    return nowMs - sentAtMs >= IDLE_MS || (stateIsOld && nowMs - stateAtMs >= STATE_MS);
  };

  /** True: there is, or may be, more to tell. */
  const round = async (): Promise<boolean> => {
    const batch = unreadable ?? store.since(acknowledged, most, nextUpTo);
    const nowMs = clock.monotonic();
    const isEmpty = batch.upTo === batch.from;
    if (!isDue(isEmpty, nowMs)) {
      next(BUSY_MS);
      return false;
    }
    const withState = !retired && nowMs - stateAtMs >= STATE_MS;
    try {
      const report: ObservationReport = {
        proxy,
        instance: store.instance,
        version,
        sentMs: clock.now(),
        dashboardUrl,
        batch,
        state: withState ? options.state() : undefined,
        requests: requests.take(),
      };
      const receipt = await send(report, stopped.signal);
      sentAtMs = nowMs;
      if (withState) stateAtMs = nowMs;
      stateIsOld = !withState;
      received(receipt, report);
      return acknowledged !== batch.from;
    } catch (error) {
      if (!stopped.signal.aborted) failed(error, { batch, withState });
      return false;
    }
  };

  /** What is left. Nobody waits for a controller that is not there. */
  const tellTheRest = async (): Promise<void> => {
    timer?.cancel();
    const { promise: isLate, resolve: beLate } = Promise.withResolvers<false>();
    const deadline = clock.after(LAST_WORDS_MS, () => beLate(false));
    await Promise.race([current, isLate]);
    store.seal();
    while (await Promise.race([round(), isLate]));
    deadline.cancel();
    stop();
  };

  const received = (receipt: ObservationReceipt, { batch }: ObservationReport): void => {
    if (failing) log.info('observations are reported again', { proxy });
    failing = false;
    backoff.reset();
    const isOther = receipt.acknowledged !== batch.upTo;
    // A controller that has started anew knows nothing: it gets all that is kept.
    if (isOther) stateAtMs = Number.NEGATIVE_INFINITY;
    acknowledged = receipt.acknowledged;
    nextUpTo = (receipt.nextUpTo ?? 0) > acknowledged ? receipt.nextUpTo : undefined;
    unreadable = undefined;
    meshDashboardUrl = receipt.meshDashboardUrl;
    requests.follow(seesRequests && receipt.requestsFollowed);
    const isFull = KINDS.some((kind) => batch[kind].length >= most);
    most = Math.min(2 * most, MOST_OF_A_KIND);
    next((isFull || nextUpTo !== undefined) && !isOther ? CATCH_UP_MS : BUSY_MS);
  };

  const failed = (
    error: unknown,
    told: { readonly batch: ObservedBatch; readonly withState: boolean },
  ): void => {
    const fields = { proxy, error: describeError(error) };
    if (failing) log.debug('observations not reported', fields);
    else log.warn('observations not reported; they are kept for fifteen minutes', fields);
    failing = true;
    next(causeOf(error, WireError)?.code === 'ERR_WIRE_INVALID_REQUEST' ? tellLess(told) : backoff.next());
  };

  /** What the controller cannot read it will never read: that is looked for by halves, and left out alone. Returns when. */
  const tellLess = ({
    batch,
    withState,
  }: {
    readonly batch: ObservedBatch;
    readonly withState: boolean;
  }): number => {
    if (withState) stateAtMs = clock.monotonic();
    else if (most > 1) most = Math.ceil(most / 2);
    else {
      // Were it passed over, the next report would begin elsewhere than where the controller's last ended.
      unreadable = unreadable === undefined ? emptyBatch(batch) : undefined;
      return backoff.next();
    }
    return CATCH_UP_MS;
  };

  const stop = (): void => {
    stopped.abort();
    requests.follow(false);
    timer?.cancel();
  };

  return {
    start() {
      // Proxies that were started together do not report together.
      if (timer === undefined) next(random() * BUSY_MS);
    },
    get meshDashboardUrl() {
      return meshDashboardUrl;
    },
    retire() {
      retired = true;
    },
    close() {
      // Who never began has nobody to tell.
      if (timer === undefined) stop();
      else ending ??= tellTheRest();
      return ending ?? Promise.resolve();
    },
    destroy: stop,
  };
}

function emptyBatch({ from, upTo }: ObservedBatch): ObservedBatch {
  return { from, upTo, slots: [], refusals: [], flows: [], spans: [] };
}

const BUSY_MS = 1_500;
const IDLE_MS = 10_000;
/** How old what is known of the state of things may be, while there is something else to tell. */
const STATE_MS = 4_000;
const CATCH_UP_MS = 100;
const LAST_WORDS_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;
/** Bounds a report to some hundred kilobytes. */
const MOST_OF_A_KIND = 1_000;
const KINDS = ['slots', 'refusals', 'flows', 'spans'] as const;
