import { type Clock, type Closable, type Logger, silentLogger, systemClock } from '../../base/index.ts';
import type { HttpRequest } from '../../http/index.ts';
import type { GatewayKey, RateLimit, SharedCounting, WaypointResource } from '../../model/index.ts';
import { compileHolding, type HoldingObjects } from '../admission/holding-objects.ts';
import type { WaypointError } from '../errors.ts';
import type { PlanTarget } from '../plan/plan-target.ts';
import type { RequestContext } from '../request/request-context.ts';
import type { ResourceChange } from '../resources/resource-store.ts';
import { RequestFacts } from '../routing/request-facts.ts';
import { announcementOf } from './announcement.ts';
import { type Claim, claimsOn, giveBack, isOverflow, refusalIn, type Settled, settleHere } from './claim.ts';
import { type CompiledRateLimit, compileRateLimit } from './compiled-limit.ts';
import { rateLimited, rateLimitUnavailable } from './refusals.ts';
import type { SharedCounters } from './shared/shared-counters.ts';

/** What happens to requests because of rate limits; `policy` is `<namespace>/<name>`. */
export interface RateLimitMetrics {
  limited(policy: string, rule: string): void;
  /** The server of a limit did not answer in time. */
  unchecked(policy: string, outcome: 'passed' | 'refused'): void;
  /** A request was counted with all others that found no place for a key of their own. */
  overflowed(policy: string): void;
}

/** Whose limits they are, and how much is remembered of callers. */
export interface RateLimiterOptions {
  readonly gateway: GatewayKey;
  /** Counting in servers. Owned by the limiter. */
  readonly shared: SharedCounters;
  readonly metrics: RateLimitMetrics;
  /** Counters that one limit keeps at most, in this process. Default 10,000. */
  readonly maximumKeys?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly log?: Logger | undefined;
}

/** The rate limits of a waypoint and what has been counted of them: counts outlive changes of anything but their limit. */
export interface RateLimiter extends Closable {
  /** What the control plane says, before plans are made of it. */
  apply(change: ResourceChange): void;
  /** Which limits hold for requests to a target. */
  compile(target: PlanTarget, resources: readonly WaypointResource[]): HoldingObjects<CompiledRateLimit>;
  /**
   * Counts a request against limits, all or none of them. Resolves with fields for its answer; rejects with a WaypointError
   * when one has no room, or when nobody can tell and the limit says to refuse then.
   */
  admit(
    limits: readonly CompiledRateLimit[],
    request: HttpRequest,
    context: RequestContext,
  ): Promise<readonly (readonly [name: string, value: string])[]>;
  /** Counters held. */
  readonly keys: number;
}

/** Without a limit until the waypoint is told of one. Owns the shared counters. */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { gateway, shared, metrics, maximumKeys = 10_000 } = options;
  const { clock = systemClock, log = silentLogger } = options;
  const limits = new Map<string, CompiledRateLimit>();

  /** Passwords are of the Gateway's namespace: the author of a policy elsewhere says to which server they would be sent. */
  function withoutForeignPassword(limit: RateLimit): RateLimit {
    const { shared: counting, namespace, key } = limit;
    if (counting?.passwordFile === undefined || gateway.startsWith(`${namespace}/`)) return limit;
    log.error('a rate limit names a password of another namespace, and its server is sent none', {
      object: key,
      gateway,
    });
    return { ...limit, shared: { ...counting, passwordFile: undefined } };
  }

  function upsert(told: RateLimit): void {
    const source = withoutForeignPassword(told);
    const problems: WaypointError[] = [];
    limits.set(
      source.key,
      compileRateLimit(source, { previous: limits.get(source.key), maximumKeys, problems }),
    );
    for (const error of problems)
      log.error('a match of a rate limit holds for nothing', { object: source.key, error });
  }

  /** Claims that nobody can judge are left out when they are to pass then. */
  async function settleThere(claims: readonly Claim[], nowMs: number): Promise<readonly Settled[]> {
    const settled: Settled[] = [];
    for (const [counting, group] of groupByServer(claims, shared)) {
      const outcome = await shared.take(counting, group, nowMs);
      if (outcome !== undefined) {
        settled.push(...outcome);
        if (refusalIn(outcome) !== undefined) return settled;
        continue;
      }
      // Limits of one server differ in what they do without it.
      const refusing = group.find(({ object }) => object.source.shared?.failure === 'closed');
      for (const policy of policiesOf(group))
        metrics.unchecked(policy, refusing === undefined ? 'passed' : 'refused');
      if (refusing !== undefined) throw rateLimitUnavailable(refusing);
    }
    return settled;
  }

  return {
    apply({ upserts, removed }) {
      for (const name of removed) limits.delete(name);
      for (const { resource } of upserts) if (resource.kind === 'rate-limit') upsert(resource.limit);
      shared.keepOnly([...limits.values()].flatMap(({ source }) => source.shared ?? []));
    },
    compile: (target, resources) =>
      compileHolding<RateLimit, CompiledRateLimit>({
        objects: resources.flatMap((resource) => (resource.kind === 'rate-limit' ? [resource.limit] : [])),
        gateway,
        target,
        isOwn: (key) => key.startsWith('RateLimit/'),
        compile: ({ key }) => limits.get(key),
      }),
    async admit(holding, request, context) {
      const facts = new RequestFacts(request);
      const nowMs = clock.monotonic();
      const claims = holding.flatMap((object) => claimsOn(object, facts, context, nowMs));
      for (const policy of policiesOf(claims.filter(isOverflow))) metrics.overflowed(policy);
      const here = settleHere(
        claims.filter(({ object }) => object.source.shared === undefined),
        nowMs,
      );
      const elsewhere = claims.filter(({ object }) => object.source.shared !== undefined);
      let settled = here;
      if (refusalIn(here) === undefined && elsewhere.length > 0) {
        try {
          settled = [...here, ...(await settleThere(elsewhere, nowMs))];
        } catch (error) {
          giveBack(here);
          throw error;
        }
        if (refusalIn(settled) !== undefined) giveBack(here);
      }
      const refusal = refusalIn(settled);
      const announcement = announcementOf(settled);
      if (refusal === undefined) return announcement;
      metrics.limited(refusal.claim.object.policy, refusal.claim.rule.source.name);
      throw rateLimited(refusal, announcement);
    },
    get keys() {
      let total = 0;
      for (const { rules } of limits.values())
        for (const rule of rules) for (const { table } of rule.limits) total += table.size;
      return total;
    },
    close: () => shared.close(),
    destroy: (cause) => shared.destroy(cause),
  };
}

/** One question for each server. The first limit's way to it and patience are taken for all of its group. */
function groupByServer(
  claims: readonly Claim[],
  shared: SharedCounters,
): readonly (readonly [SharedCounting, readonly Claim[]])[] {
  const groups = new Map<string, [SharedCounting, Claim[]]>();
  for (const claim of claims) {
    const counting = claim.object.source.shared;
    if (counting === undefined) continue;
    const id = shared.idOf(counting);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [counting, [claim]]);
    else group[1].push(claim);
  }
  return [...groups.values()];
}

function policiesOf(claims: readonly Claim[]): ReadonlySet<string> {
  return new Set(claims.map(({ object }) => object.policy));
}
