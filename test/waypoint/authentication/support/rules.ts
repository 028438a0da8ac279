import {
  ALL_WAYPOINTS,
  DEFAULT_TOKEN_LOCATIONS,
  gatewayKey,
  type JwtRule,
  requestAuthenticationKey,
  type WaypointResource,
} from '../../../../src/model/index.ts';
import type { AuthenticationPlan } from '../../../../src/waypoint/authentication/authentication-plan.ts';
import { compileAuthentication } from '../../../../src/waypoint/authentication/compile-authentication.ts';
import { inlineKeys } from '../../../../src/waypoint/authentication/keys/key-source.ts';
import { parseKeySet } from '../../../../src/waypoint/authentication/keys/index.ts';
import type { KeyStore } from '../../../../src/waypoint/authentication/keys/index.ts';

export function jwtRule(over: Partial<JwtRule> & Pick<JwtRule, 'issuer' | 'keys'>): JwtRule {
  return {
    audiences: [],
    locations: DEFAULT_TOKEN_LOCATIONS,
    forwardOriginalToken: false,
    outputPayloadToHeader: '',
    outputClaimToHeaders: [],
    timeoutMs: 5_000,
    spaceDelimitedClaims: [],
    required: false,
    ...over,
  };
}

export function authenticationOf(...rules: readonly JwtRule[]): WaypointResource {
  return {
    kind: 'authentication',
    authentication: {
      key: requestAuthenticationKey('shop', 'a'),
      namespace: 'shop',
      name: 'a',
      attachments: [ALL_WAYPOINTS],
      rules,
    },
  };
}

const INLINE: Pick<KeyStore, 'sourceFor'> = {
  sourceFor: ({ issuer, keys }) =>
    inlineKeys(issuer, keys.kind === 'inline' ? parseKeySet(keys.jwks) : undefined),
};

export function planOf(
  rules: readonly JwtRule[],
  keys: Pick<KeyStore, 'sourceFor'> = INLINE,
): AuthenticationPlan {
  const target = { gateway: gatewayKey('shop', 'waypoint'), service: undefined, port: 80 };
  return compileAuthentication(target, [authenticationOf(...rules)], keys);
}
