export { type AdmissionKind, type AdmissionObject, extensionKey } from './admission-object.ts';
export type { FaultAbort, FaultDelay, FaultInjection, FaultRule, Share } from './fault-injection.ts';
export type { Filter, FilterBody, FilterSource } from './filter.ts';
export type {
  CounterServer,
  LimitKeyAttribute,
  LimitKeyPart,
  RateLimit,
  RateLimitRule,
  RequestLimit,
  SharedCounting,
} from './rate-limit.ts';
export type { ClientCondition, HeaderCondition, RequestCondition } from './request-condition.ts';
