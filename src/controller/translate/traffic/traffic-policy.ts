import {
  NO_TRAFFIC_OVERRIDES,
  type TrafficOverrides,
  type TrafficPolicy,
  type TrafficPolicyKind,
  trafficPolicyKey,
} from '../../../model/index.ts';
import type {
  ObjectMeta,
  TargetReference,
  TrafficPolicyObject,
  XBackendTrafficPolicyObject,
} from '../../objects/index.ts';
import { resolveTargets, type TargetLookup } from '../admission/resolve-targets.ts';
import { translateSession } from './translate-session.ts';
import type { TrafficOutcome } from './traffic-outcome.ts';

/** `faults`: what the object's schema has against it; then nothing of it is in force. */
export function translateTrafficPolicy(
  { object, faults }: { readonly object: TrafficPolicyObject; readonly faults: readonly string[] },
  lookup: TargetLookup,
  clusterDomain: string,
): TrafficOutcome {
  if (faults.length > 0) return invalid(faults);
  const { meta, targets, sessionPersistence } = object;
  const overrides = { ...object.overrides, sessionPersistence: translateSession(sessionPersistence) };
  return attach({ kind: 'TrafficPolicy', meta, targets, overrides }, lookup, clusterDomain);
}

/** Its targets are Services; of others nothing is known here. */
export function translateXBackendTrafficPolicy(
  { object, faults }: { readonly object: XBackendTrafficPolicyObject; readonly faults: readonly string[] },
  lookup: TargetLookup,
  clusterDomain: string,
): TrafficOutcome {
  const { meta, targetRefs, retryBudget, sessionPersistence } = object;
  const others = targetRefs.filter(
    ({ group, kind }) => kind !== 'Service' || (group !== '' && group !== 'core'),
  );
  const problems = others.map(
    ({ group, kind, name }) =>
      `expected a Service as target, got ${kind} ${name}${group === '' ? '' : ` of ${group}`}`,
  );
  if (faults.length + problems.length > 0) return invalid([...faults, ...problems]);
  const targets = targetRefs.map(({ name }) => ({ kind: 'Service', name, section: undefined }) as const);
  const overrides: TrafficOverrides = {
    ...NO_TRAFFIC_OVERRIDES,
    ...(retryBudget === undefined ? {} : { retryBudget }),
    sessionPersistence: translateSession(sessionPersistence),
  };
  return attach({ kind: 'XBackendTrafficPolicy', meta, targets, overrides }, lookup, clusterDomain);
}

function attach(
  said: {
    readonly kind: TrafficPolicyKind;
    readonly meta: ObjectMeta;
    readonly targets: readonly TargetReference[];
    readonly overrides: TrafficOverrides;
  },
  lookup: TargetLookup,
  clusterDomain: string,
): TrafficOutcome {
  const { kind, meta, targets, overrides } = said;
  const { namespace, name, createdMs } = meta;
  const { attachments, condition } = resolveTargets(targets, { namespace, clusterDomain }, lookup);
  const key = trafficPolicyKey(kind, namespace, name);
  const policy: TrafficPolicy = { kind, key, namespace, name, createdMs, attachments, overrides };
  return { policy: attachments.length === 0 ? undefined : policy, condition };
}

function invalid(problems: readonly string[]): TrafficOutcome {
  const message = `not valid, so nothing of it holds: ${problems.join('; ')}`;
  return { policy: undefined, condition: { status: 'False', reason: 'Invalid', message } };
}
