export type { L4Attributes } from './attributes.ts';
export { decideL4, type L4Question } from './decide.ts';
export type { Decision, DryRunOutcome, Explanation } from './decision.ts';
