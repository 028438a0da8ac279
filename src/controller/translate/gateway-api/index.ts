export { type ParentLookup, routeControllers, SERVICE_CONTROLLER } from './attach-parents.ts';
export { type CheckedRoute, checkRules } from './rules/check-rules.ts';
export {
  claimKey,
  claimKeysFor,
  claimSlot,
  claimsOf,
  precedes,
  type RouteClaim,
} from './route-claims.ts';
export {
  type ExtensionKind,
  foreignParentsOf,
  grantSlot,
  grantSlots,
  type RouteReferences,
} from './route-references.ts';
export type { RouteCondition, RouteParentStatus, RouteStatus } from './route-status.ts';
export { type ServiceFacts, type ServicePortFacts, serviceFacts } from './service-facts.ts';
export { type RouteOutcome, translateRoute } from './translate-route.ts';
