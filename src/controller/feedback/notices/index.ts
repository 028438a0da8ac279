export { warnOfForeignAddresses } from './address-warnings.ts';
export { warnOfAnnotations } from './annotation-warnings.ts';
export { noticeMeshConfig } from './mesh-config-notices.ts';
export { recordProblems } from './problem-events.ts';
export { warnOfSkew } from './version-skew.ts';
export { createWarnings } from './warn-once.ts';
