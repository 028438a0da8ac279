import type { AuthorizationPolicyObject, PeerAuthenticationObject } from '../objects/index.ts';
import {
  denyAllPolicy,
  type MeshSettings,
  type TranslatedPolicy,
  translateAuthorizationPolicy,
} from '../translate/index.ts';

/** The policy as it is, or, where it could not be understood, one that refuses everything to what it selects. */
export function derivePolicy(
  { object, faults }: { readonly object: AuthorizationPolicyObject; readonly faults: readonly string[] },
  settings: MeshSettings,
): TranslatedPolicy {
  if (faults.length === 0) return translateAuthorizationPolicy(object, settings);
  const { selector } = object;
  // It is for waypoints, which refuse what it is attached to.
  if (object.targetRefs.length > 0 && selector === undefined)
    return { policy: undefined, selector, warning: undefined };
  const why = faults.join('; ');
  const message = `not understood, so everything that it selects is refused: ${why}`;
  return {
    policy: denyAllPolicy(object.meta, selector, settings, why),
    selector,
    warning: { reason: 'Invalid', message },
  };
}

/** All that a PeerAuthentication can refuse is plaintext, so one that could not be understood refuses it on every port. */
export function soundPeerAuthentication({
  object,
  faults,
}: {
  readonly object: PeerAuthenticationObject;
  readonly faults: readonly string[];
}): PeerAuthenticationObject {
  return faults.length === 0 ? object : { ...object, mode: 'STRICT', portModes: new Map() };
}
