export type { HttpAttributes, RequestAttributes, TokenAttributes } from './attributes.ts';
export { decideL7, type L7Question } from './decide-l7.ts';
export { type NormalizedTarget, normalizePath } from './path/index.ts';
export type {
  AuthorizerNeed,
  MatchedPolicy,
  RequestDecision,
  RequestDryRunOutcome,
  RequestExplanation,
} from './request-decision.ts';
