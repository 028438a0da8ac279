import {
  type Attachment,
  DEFAULT_TOKEN_LOCATIONS,
  type JwtKeys,
  type JwtRule,
  policyKey,
  type RequestAuthentication,
  type RequestPolicy,
  requestAuthenticationKey,
  type TokenLocation,
} from '../../../model/index.ts';
import type { JwtRuleObject, RequestAuthenticationObject } from '../../objects/index.ts';

/** What waypoints are told, and what is wrong with it. */
export interface TranslatedAuthentication {
  readonly authentication: RequestAuthentication;
  /** Not empty: it is not understood, and everything that it is attached to is refused. */
  readonly problems: readonly string[];
}

/** Keys are fetched by waypoints, not here. */
export function translateRequestAuthentication(
  { meta: { namespace, name }, jwtRules }: RequestAuthenticationObject,
  attachments: readonly Attachment[],
): TranslatedAuthentication {
  return {
    authentication: {
      key: requestAuthenticationKey(namespace, name),
      namespace,
      name,
      attachments,
      rules: jwtRules.map(translateRule),
    },
    problems: jwtRules.flatMap((rule, index) => keyProblems(rule, `spec.jwtRules[${index}]`)),
  };
}

/** What stands in for one that cannot be understood. Its name is none that an AuthorizationPolicy can have. */
export function refusalOfAuthentication(
  { meta: { namespace, name: own } }: RequestAuthenticationObject,
  attachments: readonly Attachment[],
  problems: readonly string[],
): RequestPolicy {
  const name = `RequestAuthentication:${own}`;
  return {
    key: policyKey(namespace, name),
    namespace,
    name,
    attachments,
    action: { kind: 'deny' },
    rules: [{ from: [], to: [], when: [] }],
    dryRun: false,
    notUnderstood: problems.join('; '),
  };
}

function translateRule(rule: JwtRuleObject): JwtRule {
  return {
    issuer: rule.issuer,
    audiences: rule.audiences,
    keys: keysOf(rule),
    locations: locationsOf(rule),
    forwardOriginalToken: rule.forwardOriginalToken,
    outputPayloadToHeader: rule.outputPayloadToHeader.toLowerCase(),
    outputClaimToHeaders: rule.outputClaimToHeaders.map(({ header, claim }) => ({
      header: header.toLowerCase(),
      claim,
    })),
    timeoutMs: rule.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    spaceDelimitedClaims: rule.spaceDelimitedClaims,
    required: rule.presence === 'REQUIRED',
  };
}

function keysOf({ jwks, jwksUri }: JwtRuleObject): JwtKeys {
  if (jwks !== '') return { kind: 'inline', jwks };
  return jwksUri === '' ? { kind: 'discovery' } : { kind: 'uri', uri: jwksUri };
}

function locationsOf({ fromHeaders, fromParams, fromCookies }: JwtRuleObject): readonly TokenLocation[] {
  const named: readonly TokenLocation[] = [
    ...fromHeaders.map(({ name, prefix }) => ({ kind: 'header' as const, name: name.toLowerCase(), prefix })),
    ...fromParams.map((name) => ({ kind: 'param' as const, name })),
    ...fromCookies.map((name) => ({ kind: 'cookie' as const, name })),
  ];
  return named.length === 0 ? DEFAULT_TOKEN_LOCATIONS : named;
}

/** Keys that can be seen to be none are told to the author, rather than to whoever comes with a token. */
function keyProblems(rule: JwtRuleObject, path: string): readonly string[] {
  const keys = keysOf(rule);
  if (keys.kind === 'inline' && !isKeySet(keys.jwks))
    return [`${path}.jwks: expected a JSON Web Key Set, got something else`];
  if (keys.kind === 'discovery' && !/^https?:\/\//.test(rule.issuer))
    return [
      `${path}: expected jwks or jwksUri, since the issuer is no URL that could tell where its keys are`,
    ];
  return [];
}

function isKeySet(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys);
  } catch {
    // Not even JSON: the caller says so.
    return false;
  }
}

const DEFAULT_TIMEOUT_MS = 5_000;
