export {
  type FaultInjectionObject,
  type FaultRuleObject,
  parseFaultInjection,
} from './fault-injection.ts';
export { type FilterObject, parseFilter } from './filter.ts';
export {
  type GlobalCountingObject,
  type LimitKeyType,
  parseRateLimit,
  type RateLimitObject,
  type RateLimitRuleObject,
} from './rate-limit.ts';
export type { RequestMatch } from './request-match.ts';
export type { TargetReference } from './target-reference.ts';
export { parseTrafficPolicy, type TrafficPolicyObject } from './traffic/traffic-policy.ts';
