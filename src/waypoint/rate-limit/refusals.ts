import { formatDurationMs } from '../../proxy/index.ts';
import { WaypointError } from '../errors.ts';
import { retryAfter } from './announcement.ts';
import type { Claim, Settled } from './claim.ts';

/** For a request that found a bucket empty; `announcement` goes with the answer. */
export function rateLimited(
  { claim, take }: Settled,
  announcement: readonly (readonly [name: string, value: string])[],
): WaypointError {
  const { requests, intervalMs, burst } = claim.limit.source;
  return new WaypointError({
    code: 'ERR_WAYPOINT_RATE_LIMITED',
    blame: 'downstream',
    message: `expected at most ${requests} requests in ${formatDurationMs(intervalMs)} (${burst} at once) by rule ${claim.rule.source.name}, got one more`,
    hint: `see RateLimit ${claim.object.policy}`,
    policy: claim.object.policy,
    rule: claim.rule.index,
    ruleName: claim.rule.source.name,
    answer: { headers: [retryAfter(take.waitMs), ...announcement] },
  });
}

/** For a request that nobody can judge, of a limit that refuses then. */
export function rateLimitUnavailable({ object, rule }: Claim): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_RATE_LIMIT_UNCHECKED',
    blame: 'local',
    message: `no answer from the server that counts for RateLimit ${object.policy}`,
    hint: 'see the log for why the server is not reached; spec.global.failure: Open lets requests pass then',
    policy: object.policy,
    rule: rule.index,
    ruleName: rule.source.name,
  });
}
