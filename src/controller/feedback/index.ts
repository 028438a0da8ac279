export { warnOfAnnotations } from './annotation-warnings.ts';
export { writePolicyStatus } from './policy-status.ts';
export { recordProblems } from './problem-events.ts';
