import { ControllerError } from '../errors.ts';
import type { Caller } from './caller.ts';

/** The caller in the claims of a projected service-account token whose signature has been checked. */
export function callerFromClaims(claims: Readonly<Record<string, unknown>>): Caller {
  const kubernetes = member(claims, 'kubernetes.io');
  const namespace = text(kubernetes, 'namespace');
  const serviceAccount = text(member(kubernetes, 'serviceaccount'), 'name');
  const subject = `system:serviceaccount:${namespace}:${serviceAccount}`;
  if (namespace === '' || serviceAccount === '' || claims.sub !== subject) {
    throw tokenError(`expected the subject ${subject}, got ${JSON.stringify(claims.sub ?? '')}`);
  }
  const pod = member(kubernetes, 'pod');
  return {
    namespace,
    serviceAccount,
    pod: text(pod, 'name'),
    podUid: text(pod, 'uid'),
    node: text(member(kubernetes, 'node'), 'name'),
  };
}

/** ERR_CONTROLLER_TOKEN. Nothing of the token itself is told. */
export function tokenError(message: string, cause?: unknown): ControllerError {
  return new ControllerError({
    code: 'ERR_CONTROLLER_TOKEN',
    blame: 'downstream',
    message,
    hint: 'a projected service-account token for the audience istio-ca is needed',
    cause,
  });
}

function member(value: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  const inner = Object.hasOwn(value, name) ? value[name] : undefined;
  return typeof inner === 'object' && inner !== null ? (inner as Readonly<Record<string, unknown>>) : {};
}

function text(value: Readonly<Record<string, unknown>>, name: string): string {
  const inner = Object.hasOwn(value, name) ? value[name] : undefined;
  return typeof inner === 'string' ? inner : '';
}
