import type { TrafficOverrides } from '../../../../model/index.ts';
import type { Field } from '../../fields/index.ts';
import { parseSessionPersistence, type SessionPersistenceFields } from '../../gateway-api/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../../object-meta.ts';
import { parseTargetReferences, type TargetReference } from '../target-reference.ts';
import { parseLoadBalancer } from './load-balancer.ts';
import { parseLocality, parseSlowStart } from './locality.ts';
import { parseOutliers } from './outlier-ejection.ts';
import { parseConnections, parseLimits, parseTimeouts } from './limits.ts';
import { parseRetry, parseRetryConstraint } from './retry.ts';

/** nodemesh.io TrafficPolicy. */
export interface TrafficPolicyObject {
  readonly kind: 'TrafficPolicy';
  readonly meta: ObjectMeta;
  readonly targets: readonly TargetReference[];
  readonly overrides: Omit<TrafficOverrides, 'sessionPersistence'>;
  readonly sessionPersistence: SessionPersistenceFields | undefined;
}

/** Accepts exactly what our CustomResourceDefinition does, and no unknown fields. */
export function parseTrafficPolicy(root: Field, defaultNamespace: string): TrafficPolicyObject {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const spec = root.key('spec').required().object(FIELDS);
  const targets = parseTargetReferences(spec.key('targetRefs').required());
  if (targets.some(({ kind }) => kind === 'HTTPRoute' || kind === 'GRPCRoute')) {
    for (const name of ABOUT_ENDPOINTS)
      if (spec.key(name).present)
        spec.key(name).issue('a Service or Gateway as target: routes share endpoints');
  }
  return {
    kind: 'TrafficPolicy',
    meta,
    targets,
    overrides: {
      loadBalancer: parseLoadBalancer(spec.key('loadBalancer')),
      locality: parseLocality(spec.key('locality')),
      slowStart: parseSlowStart(spec.key('slowStart')),
      panicThresholdPercent: spec.key('panicThresholdPercent').integer({ minimum: 0, maximum: 100 }),
      outliers: parseOutliers(spec.key('outlierEjection')),
      limits: parseLimits(spec.key('limits')),
      timeouts: parseTimeouts(spec.key('timeouts')),
      retry: parseRetry(spec.key('retry')),
      retryBudget: parseRetryConstraint(spec.key('retryConstraint')),
      connections: parseConnections(spec.key('connections')),
    },
    sessionPersistence: parseSessionPersistence(spec.key('sessionPersistence')),
  };
}

const ABOUT_ENDPOINTS = ['outlierEjection', 'limits', 'connections'];
const FIELDS = [
  'targetRefs',
  'loadBalancer',
  'locality',
  'slowStart',
  'panicThresholdPercent',
  'timeouts',
  'retry',
  'retryConstraint',
  'sessionPersistence',
  ...ABOUT_ENDPOINTS,
];
