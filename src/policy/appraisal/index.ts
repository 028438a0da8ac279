export { nearestRule, type RuleAppraisal, type UnmetPart } from './appraisal.ts';
export { appraiseL4 } from './appraise-l4.ts';
export { appraiseL7 } from './appraise-l7.ts';
