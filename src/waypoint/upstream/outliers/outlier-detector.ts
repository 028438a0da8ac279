import type { Clock, Timer } from '../../../base/index.ts';
import type { OutlierEjection } from '../../../model/index.ts';
import { type EjectionReason, type EndpointHealth, forgetFailures, windowOf } from './endpoint-health.ts';
import { classify, type Outcome } from './outcome.ts';

/** What happened to an endpoint's place among those that may be chosen. */
export type OutlierEvent<E> =
  | {
      readonly type: 'ejected';
      readonly endpoint: E;
      readonly reason: EjectionReason;
      readonly forMs: number;
    }
  /** It would have been ejected, if not too many were out already. */
  | { readonly type: 'spared'; readonly endpoint: E; readonly reason: EjectionReason }
  | { readonly type: 'returned'; readonly endpoint: E };

/**
 * Leaves endpoints of one service out of choice for a while because of how they answer. Whoever is out comes back by
 * itself: a timer runs for the first of them.
 */
export interface OutlierDetector<E> {
  /** One more outcome of an endpoint. */
  report(endpoint: E, outcome: Outcome, settings: OutlierEjection): void;
  /** The endpoint is gone for good. */
  forget(endpoint: E): void;
  readonly outCount: number;
  /** Nobody is left out any more, and nothing is learned. */
  destroy(): void;
}

/** Whose endpoints they are, and who hears of what happens to them. */
export interface OutlierDetectorOptions<E> {
  readonly clock: Clock;
  readonly random: () => number;
  /** How many endpoints there are, those that are out among them. */
  count(): number;
  healthOf(endpoint: E): EndpointHealth;
  onEvent(event: OutlierEvent<E>): void;
}

/** Leaves nobody out. The caller destroys it, which ends its timer. */
export function createOutlierDetector<E>(options: OutlierDetectorOptions<E>): OutlierDetector<E> {
  const { clock, random, healthOf, onEvent } = options;
  const out = new Set<E>();
  let timer: Timer | undefined;
  let destroyed = false;

  function schedule(): void {
    timer?.cancel();
    timer = undefined;
    let firstMs = Number.POSITIVE_INFINITY;
    for (const endpoint of out) firstMs = Math.min(firstMs, healthOf(endpoint).out?.untilMs ?? 0);
    if (out.size > 0) timer = clock.after(Math.max(0, firstMs - clock.monotonic()), takeBack);
  }

  function takeBack(): void {
    const nowMs = clock.monotonic();
    for (const endpoint of out) {
      const health = healthOf(endpoint);
      if (health.out !== undefined && health.out.untilMs > nowMs) continue;
      if (health.out?.reason !== 'rate-limited') health.returnedMs = nowMs;
      health.out = undefined;
      forgetFailures(health);
      out.delete(endpoint);
      onEvent({ type: 'returned', endpoint });
    }
    schedule();
  }

  function leaveOut(endpoint: E, reason: EjectionReason, forMs: number): void {
    healthOf(endpoint).out = { untilMs: clock.monotonic() + forMs, reason };
    out.add(endpoint);
    schedule();
    onEvent({ type: 'ejected', endpoint, reason, forMs });
  }

  function eject(endpoint: E, reason: EjectionReason, settings: OutlierEjection): void {
    const health = healthOf(endpoint);
    forgetFailures(health);
    if (ejectedForFailures() >= most(settings)) {
      onEvent({ type: 'spared', endpoint, reason });
      return;
    }
    health.ejections = ejectionsInRow(health, settings, clock.monotonic()) + 1;
    const baseMs = Math.min(settings.maximumEjectionMs, settings.baseEjectionMs * health.ejections);
    leaveOut(endpoint, reason, baseMs * (1 + (settings.jitterPercent / 100) * random()));
  }

  /** Endpoints that only asked for a rest do not use up the share. */
  function ejectedForFailures(): number {
    let count = 0;
    for (const endpoint of out) if (healthOf(endpoint).out?.reason !== 'rate-limited') count += 1;
    return count;
  }

  function most({ maximumEjectedPercent }: OutlierEjection): number {
    if (maximumEjectedPercent === 0) return 0;
    return Math.max(1, Math.floor((options.count() * maximumEjectedPercent) / 100));
  }

  function rest(endpoint: E, outcome: Outcome, settings: OutlierEjection): void {
    const { rateLimitedDefaultMs, rateLimitedMaximumMs } = settings;
    const asked = outcome.kind === 'answered' ? outcome.retryAfterMs : undefined;
    const forMs = Math.min(rateLimitedMaximumMs, asked ?? rateLimitedDefaultMs);
    if (forMs > 0) leaveOut(endpoint, 'rate-limited', forMs);
  }

  return {
    report(endpoint, outcome, settings) {
      const health = healthOf(endpoint);
      // Requests that were under way when it was left out say nothing new.
      if (destroyed || health.out !== undefined) return;
      const kind = classify(outcome, settings.rateLimitedMaximumMs > 0);
      if (kind === 'rate-limited') {
        rest(endpoint, outcome, settings);
        return;
      }
      const reason = judge(health, kind !== 'success', kind === 'gateway-error', settings, clock.monotonic());
      if (reason !== undefined) eject(endpoint, reason, settings);
    },
    forget(endpoint) {
      if (out.delete(endpoint)) schedule();
    },
    get outCount() {
      return out.size;
    },
    destroy() {
      destroyed = true;
      timer?.cancel();
      out.clear();
    },
  };
}

/** Counts one outcome, and says which rule it was that now is broken. */
function judge(
  health: EndpointHealth,
  isError: boolean,
  isGatewayError: boolean,
  settings: OutlierEjection,
  nowMs: number,
): EjectionReason | undefined {
  health.consecutiveServerErrors = isError ? health.consecutiveServerErrors + 1 : 0;
  health.consecutiveGatewayErrors = isGatewayError ? health.consecutiveGatewayErrors + 1 : 0;
  if (reached(health.consecutiveGatewayErrors, settings.consecutiveGatewayErrors))
    return 'consecutive-gateway-errors';
  if (reached(health.consecutiveServerErrors, settings.consecutive5xxErrors)) return 'consecutive-5xx-errors';
  if (settings.failureRatioPercent === 0) return undefined;
  const window = windowOf(health);
  window.add(isError, nowMs, settings.failureRatioWindowMs);
  const { requests, failures } = window.counts(nowMs, settings.failureRatioWindowMs);
  const tooMany =
    requests >= settings.failureRatioMinimumRequests &&
    failures * 100 >= requests * settings.failureRatioPercent;
  return isError && tooMany ? 'failure-ratio' : undefined;
}

/** 0 turns a threshold off. */
function reached(count: number, threshold: number): boolean {
  return threshold > 0 && count >= threshold;
}

/** Each time of base length that it has behaved since takes one ejection off. */
function ejectionsInRow(health: EndpointHealth, settings: OutlierEjection, nowMs: number): number {
  const behavedMs = nowMs - health.returnedMs;
  return Math.max(0, health.ejections - Math.floor(behavedMs / Math.max(1, settings.baseEjectionMs)));
}
