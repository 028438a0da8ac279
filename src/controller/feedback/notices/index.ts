export { warnOfAnnotations } from './annotation-warnings.ts';
export { noticeMeshConfig } from './mesh-config-notices.ts';
export { recordProblems } from './problem-events.ts';
export { createWarnings } from './warn-once.ts';
