export {
  type AuthorizationPolicyObject,
  type PolicyAction,
  type PolicyCondition,
  type PolicyOperation,
  type PolicyRule,
  type PolicySource,
  parseAuthorizationPolicy,
} from './authorization-policy.ts';
export {
  type MtlsMode,
  type PeerAuthenticationObject,
  parsePeerAuthentication,
} from './peer-authentication.ts';
export { type PolicyTargetReference, parsePolicyTargets } from './policy-targets.ts';
export {
  type JwtHeader,
  type JwtRuleObject,
  parseRequestAuthentication,
  type RequestAuthenticationObject,
} from './request-authentication.ts';
