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
  const forWaypoints = object.targetRefs.length > 0 && selector === undefined;
  const effect = forWaypoints ? 'it is for waypoints' : 'everything that it selects is refused';
  return {
    policy: forWaypoints ? undefined : denyAllPolicy(object.meta, selector, settings),
    selector,
    warning: { reason: 'Invalid', message: `not understood, so ${effect}: ${faults.join('; ')}` },
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
