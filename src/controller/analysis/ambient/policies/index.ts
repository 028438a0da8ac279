export { analyzeEnforcement } from './enforcement.ts';
export { analyzePeerAuthentication } from './peer-authentication.ts';
export { analyzePrincipals } from './principals.ts';
export { analyzeRequiredTokens } from './token-required.ts';
export { analyzeRuleSense } from './rule-sense.ts';
export { analyzeUnenrolledTargets } from './unenrolled.ts';
export { analyzeWaypointIdentity } from './waypoint-identity.ts';
