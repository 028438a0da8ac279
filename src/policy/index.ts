export {
  appraiseL4,
  appraiseL7,
  nearestRule,
  type RuleAppraisal,
  type UnmetPart,
} from './appraisal/index.ts';
export type { L4Attributes } from './attributes.ts';
export { decideL4, type L4Question } from './decide.ts';
export type { Decision, DryRunOutcome, Explanation } from './decision.ts';
export {
  type AuthorizerNeed,
  decideL7,
  type HttpAttributes,
  type L7Question,
  type MatchedPolicy,
  type NormalizedTarget,
  normalizePath,
  type RequestAttributes,
  type RequestDecision,
  type RequestDryRunOutcome,
  type RequestExplanation,
  type TokenAttributes,
} from './l7/index.ts';
