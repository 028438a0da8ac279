export { analyzeDestinations } from './destinations.ts';
export { analyzeGatewayReferences } from './gateways.ts';
export { analyzeHostConflicts } from './host-conflicts.ts';
export { analyzeIngressSubsets } from './ingress-subsets.ts';
export { analyzeJwtClaims } from './jwt-claims.ts';
export { analyzeMatches } from './matches.ts';
export { analyzeSubsets } from './subsets.ts';
