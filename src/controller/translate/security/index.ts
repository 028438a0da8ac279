export { translateAuthorizer } from './authorizer.ts';
export {
  conditionOfBindings,
  type GuardCondition,
  type GuardOutcome,
  notUnderstood,
} from './guard-outcome.ts';
export { translateMeshConfig, trustDomainsOf } from './mesh-config.ts';
export { bindPolicyTarget, type PolicyBinding, type PolicyTargetLookup } from './policy-bindings.ts';
export { refusalOfAuthentication, translateRequestAuthentication } from './request-authentication.ts';
export { type RequestPolicyContext, refusingPolicy, translateRequestPolicy } from './request-policy.ts';
