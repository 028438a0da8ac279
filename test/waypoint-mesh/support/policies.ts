import type { KubeObject } from './objects.ts';

const API = 'security.istio.io/v1';

/** A policy of a service, enforced by its waypoint. */
export function servicePolicy(
  namespace: string,
  name: string,
  target: string,
  action: 'ALLOW' | 'DENY',
  rules: readonly KubeObject[],
): KubeObject {
  return {
    apiVersion: API,
    kind: 'AuthorizationPolicy',
    metadata: { namespace, name },
    spec: { targetRefs: [serviceRef(target)], action, rules },
  };
}

export interface JwtRule {
  readonly issuer: string;
  readonly jwks: string;
  readonly audiences: readonly string[];
}

export function requestAuthentication(
  namespace: string,
  name: string,
  target: string,
  rule: JwtRule,
): KubeObject {
  return {
    apiVersion: API,
    kind: 'RequestAuthentication',
    metadata: { namespace, name },
    spec: { targetRefs: [serviceRef(target)], jwtRules: [rule] },
  };
}

function serviceRef(name: string): KubeObject {
  return { group: '', kind: 'Service', name };
}
