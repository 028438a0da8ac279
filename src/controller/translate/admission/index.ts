export type { AdmissionCondition, AdmissionOutcome } from './admission-outcome.ts';
export { translateFaultInjection } from './fault-injection.ts';
export { type FilterLookup, filterInvalid, translateFilter } from './filter.ts';
export { type RateLimitLookup, translateRateLimit } from './rate-limit.ts';
export type { TargetLookup } from './resolve-targets.ts';
