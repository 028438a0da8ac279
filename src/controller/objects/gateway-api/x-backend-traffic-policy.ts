import type { RetryBudget } from '../../../model/index.ts';
import type { Field } from '../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';
import { type LocalReference, parseLocalReference } from './name-rules.ts';
import { parseDuration, parseSessionPersistence, type SessionPersistenceFields } from './route/index.ts';

/** gateway.networking.x-k8s.io XBackendTrafficPolicy. */
export interface XBackendTrafficPolicyObject {
  readonly kind: 'XBackendTrafficPolicy';
  readonly meta: ObjectMeta;
  readonly targetRefs: readonly LocalReference[];
  /** With the defaults of the CRD. Undefined: nothing is said about retries. */
  readonly retryBudget: RetryBudget | undefined;
  readonly sessionPersistence: SessionPersistenceFields | undefined;
}

/** Accepts exactly what the CustomResourceDefinition does: schema, defaults and CEL rules. */
export function parseXBackendTrafficPolicy(
  root: Field,
  defaultNamespace: string,
): XBackendTrafficPolicyObject {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const spec = root.key('spec').required().object(['targetRefs', 'retryConstraint', 'sessionPersistence']);
  return {
    kind: 'XBackendTrafficPolicy',
    meta,
    targetRefs: parseTargets(spec.key('targetRefs').required()),
    retryBudget: parseRetryConstraint(spec.key('retryConstraint')),
    sessionPersistence: parseSessionPersistence(spec.key('sessionPersistence')),
  };
}

function parseTargets(field: Field): readonly LocalReference[] {
  const items = field.items(16);
  if (Array.isArray(field.value) && items.length === 0) field.issue('at least one target', 'none');
  const seen = new Set<string>();
  return items.map((item) => {
    const reference = parseLocalReference(item);
    const id = `${reference.group} ${reference.kind} ${reference.name}`;
    if (seen.has(id)) item.issue('each target once', 'one that is listed already');
    seen.add(id);
    return reference;
  });
}

function parseRetryConstraint(field: Field): RetryBudget | undefined {
  field.object(['budget', 'minRetryRate']);
  const budget = field.key('budget').object(['percent', 'interval']);
  const rate = field.key('minRetryRate').object(['count', 'interval']);
  const interval = budget.key('interval');
  const intervalMs = parseDuration(interval);
  if (intervalMs !== undefined && (intervalMs < 1_000 || intervalMs > HOUR_MS))
    interval.issue('a duration from 1s to 1h');
  const minimumIntervalMs = parseDuration(rate.key('interval'));
  if (minimumIntervalMs !== undefined && (minimumIntervalMs === 0 || minimumIntervalMs > HOUR_MS))
    rate.key('interval').issue('a duration above 0s and up to 1h');
  const settings = {
    percent: budget.key('percent').integer({ minimum: 0, maximum: 100 }) ?? 20,
    intervalMs: intervalMs ?? 10_000,
    minimumRetries: rate.key('count').integer({ minimum: 1, maximum: 1_000_000 }) ?? 10,
    minimumIntervalMs: minimumIntervalMs ?? 1_000,
  };
  return field.present ? settings : undefined;
}

const HOUR_MS = 3_600_000;
