import fc from 'fast-check';
import {
  type Attachment,
  gatewayKey,
  type HashKey,
  type LoadBalancer,
  type LocalityScope,
  routeKey,
  type SessionPersistence,
  serviceKey,
  type TrafficOverrides,
  type TrafficPolicy,
  trafficPolicyKey,
} from '../../../src/model/index.ts';

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/);
const count = fc.nat({ max: 100_000 });
const percent = fc.nat({ max: 100 });
const codes = fc.array(fc.integer({ min: 0, max: 599 }), { maxLength: 4 });

export const attachments: fc.Arbitrary<Attachment> = fc.oneof(
  fc.record({
    kind: fc.constant('gateway' as const),
    gateway: fc.tuple(word, word).map(([ns, name]) => gatewayKey(ns, name)),
  }),
  fc.record({
    kind: fc.constant('service' as const),
    service: fc.tuple(word, word).map(([ns, name]) => serviceKey(ns, name)),
    port: fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('route' as const),
    route: fc.tuple(word, word).map(([ns, name]) => routeKey('HTTPRoute', ns, name)),
    rule: fc.option(word, { nil: undefined }),
  }),
);

const hashKeys: fc.Arbitrary<HashKey> = fc.oneof(
  fc.record({ kind: fc.constant('header' as const), name: word }),
  fc.record({
    kind: fc.constant('cookie' as const),
    name: word,
    path: fc.oneof(fc.constant(''), fc.constant('/cart')),
    ttlMs: fc.option(count, { nil: undefined }),
    attributes: fc.array(fc.record({ name: word, value: word }), { maxLength: 2 }),
  }),
  fc.constant({ kind: 'source-ip' } as const),
);

const loadBalancers: fc.Arbitrary<LoadBalancer> = fc.oneof(
  fc.constantFrom<LoadBalancer>({ type: 'round-robin' }, { type: 'random' }),
  fc.record({ type: fc.constant('least-request' as const), choices: fc.integer({ min: 1, max: 10 }) }),
  fc.record({ type: fc.constant('peak-ewma' as const), decayMs: count }),
  fc.record({
    type: fc.constant('consistent-hash' as const),
    key: hashKeys,
    table: fc.record({
      kind: fc.constantFrom('maglev' as const, 'ring' as const),
      size: fc.integer({ min: 1, max: 1_000_003 }),
    }),
  }),
);

const sessions: fc.Arbitrary<SessionPersistence> = fc.record({
  type: fc.constantFrom('cookie' as const, 'header' as const),
  sessionName: fc.oneof(fc.constant(''), word),
  absoluteTimeoutMs: fc.option(count, { nil: undefined }),
  idleTimeoutMs: fc.option(count, { nil: undefined }),
  permanentCookie: fc.boolean(),
});

const SCOPES: readonly LocalityScope[] = ['network', 'region', 'zone', 'subzone', 'node'];

function open<T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(values, { nil: undefined });
}

export const trafficOverrides: fc.Arbitrary<TrafficOverrides> = fc.record({
  loadBalancer: open(loadBalancers),
  locality: open(
    fc.record({
      mode: fc.constantFrom('strict' as const, 'failover' as const, 'none' as const),
      scopes: fc.subarray([...SCOPES]),
    }),
  ),
  slowStart: open(
    fc.record({
      windowMs: count,
      aggression: fc.double({ min: 0.01, max: 100, noNaN: true }),
      minimumPercent: percent,
    }),
  ),
  panicThresholdPercent: open(percent),
  outliers: fc.record({
    consecutive5xxErrors: open(count),
    consecutiveGatewayErrors: open(count),
    failureRatioPercent: open(percent),
    failureRatioMinimumRequests: open(count),
    failureRatioWindowMs: open(count),
    rateLimitedDefaultMs: open(count),
    rateLimitedMaximumMs: open(count),
    baseEjectionMs: open(count),
    maximumEjectionMs: open(count),
    jitterPercent: open(percent),
    maximumEjectedPercent: open(percent),
  }),
  limits: fc.record({
    maximumConnections: open(count),
    maximumPendingRequests: open(count),
    maximumPendingMs: open(count),
    maximumActiveRequests: open(count),
    maximumActiveRetries: open(count),
  }),
  timeouts: fc.record({ connectMs: open(count), requestMs: open(count), backendRequestMs: open(count) }),
  retry: fc.record({
    attempts: open(count),
    codes: open(codes),
    grpcCodes: open(codes),
    nonIdempotent: open(fc.boolean()),
    backoffMs: open(count),
    maximumBackoffMs: open(count),
    maximumBodyBytes: open(count),
  }),
  retryBudget: fc.record({
    percent: open(percent),
    intervalMs: open(count),
    minimumRetries: open(count),
    minimumIntervalMs: open(count),
  }),
  sessionPersistence: open(sessions),
  connections: fc.record({
    idleMs: open(count),
    maximumAgeMs: open(count),
    maximumRequests: open(count),
    maximumConcurrentStreams: open(count),
  }),
});

export const trafficPolicies: fc.Arbitrary<TrafficPolicy> = fc
  .record({
    kind: fc.constantFrom('TrafficPolicy' as const, 'XBackendTrafficPolicy' as const),
    namespace: word,
    name: word,
    createdMs: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 2 ** 45 })),
    attachments: fc.array(attachments, { maxLength: 3 }),
    overrides: trafficOverrides,
  })
  .map((policy) => ({ ...policy, key: trafficPolicyKey(policy.kind, policy.namespace, policy.name) }));
