import type { WaypointResource } from '../../../model/index.ts';
import type { PolicyBinding } from './policy-bindings.ts';

/** What becomes of an AuthorizationPolicy or RequestAuthentication at waypoints. */
export interface GuardOutcome {
  /** Undefined: nothing of it is for them. */
  readonly resource: WaypointResource | undefined;
  /** Undefined: it has no targetRefs, and waypoints say nothing about it. */
  readonly condition: GuardCondition | undefined;
}

/** The condition WaypointAccepted, in Istio's words. */
export interface GuardCondition {
  readonly status: 'True' | 'False';
  readonly reason: PolicyBinding['reason'] | 'PartiallyInvalid';
  readonly message: string;
}

/** What a policy that means what it says has come to. Of several targets, one that is bound makes it accepted. */
export function conditionOfBindings(bindings: readonly PolicyBinding[]): GuardCondition {
  const [only] = bindings;
  if (only !== undefined && bindings.length === 1)
    return { status: only.bound ? 'True' : 'False', reason: only.reason, message: only.message };
  const unbound = bindings.filter(({ bound }) => !bound);
  if (unbound.length === 0) {
    return { status: 'True', reason: 'Accepted', message: bindings.map(({ message }) => message).join(', ') };
  }
  const isPartly = unbound.length < bindings.length;
  const targets = unbound.map(({ target, message }) => `${target} (${message})`);
  return {
    status: isPartly ? 'True' : 'False',
    reason: isPartly ? 'PartiallyInvalid' : 'Invalid',
    message: `Invalid targetRefs: ${targets.join(', ')}`,
  };
}

/** Fails closed: the policy refuses all that it is attached to, and says so. */
export function notUnderstoodCondition(problems: readonly string[]): GuardCondition {
  const message = `not understood, so everything that it is attached to is refused: ${problems.join('; ')}`;
  return { status: 'False', reason: 'Invalid', message };
}
