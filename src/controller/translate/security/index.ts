export { translateAuthorizer } from './authorizer.ts';
export { type GuardTargets, guardAuthentication, guardPolicy } from './guard.ts';
export type { GuardCondition, GuardOutcome } from './guard-outcome.ts';
export { providerHost, providerService } from './authorizer.ts';
export { translateMeshConfig, trustDomainsOf } from './mesh-config.ts';
export { bindPolicyTarget, type PolicyBinding, type PolicyTargetLookup } from './policy-bindings.ts';
export { type RequestPolicyContext, translateRequestPolicy } from './request-policy.ts';
