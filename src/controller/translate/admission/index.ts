export type { AdmissionCondition, AdmissionOutcome } from './admission-outcome.ts';
export { translateFaultInjection } from './fault-injection.ts';
export { type FilterLookup, filterInvalid, translateFilter } from './filter.ts';
export { translateRateLimit } from './rate-limit.ts';
export type { TargetLookup } from './resolve-targets.ts';
