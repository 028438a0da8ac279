import { parseAllDocuments } from 'yaml';

type Json = Readonly<Record<string, unknown>>;

/** Specs of a TrafficPolicy that are good, each with much in it. */
export const GOOD_SPECS: readonly Json[] = yaml(`
targetRefs:
- { kind: Service, name: cart }
---
targetRefs:
- { kind: Service, name: cart, sectionName: "8080" }
- { group: gateway.networking.k8s.io, kind: Gateway, name: waypoint }
loadBalancer: { type: LeastRequest, leastRequest: { choices: 3 } }
locality: { mode: Failover, scopes: [Region, Zone, Node] }
slowStart: { window: 30s, aggressionPercent: 150, minPercent: 5 }
panicThresholdPercent: 0
outlierEjection:
  consecutive5xxErrors: 10
  consecutiveGatewayErrors: 0
  failureRatio: { percent: 50, minRequests: 100, window: 1m }
  rateLimits: { maxTime: 30s, defaultTime: 500ms }
  baseEjectionTime: 5s
  maxEjectionTime: 1m
  jitterPercent: 20
  maxEjectedPercent: 100
limits:
  maxConnections: 100
  maxActiveRequests: 1000
  maxPendingRequests: 0
  pendingTimeout: 100ms
  maxActiveRetries: 3
timeouts: { connect: 1s, request: 0s, backendRequest: 5s }
retry:
  attempts: 3
  codes: [502, 503, 504]
  grpcCodes: [UNAVAILABLE, CANCELLED]
  nonIdempotent: true
  backoff: 10ms
  maxBackoff: 1s
  maxBodyBytes: 0
retryConstraint:
  budget: { percent: 10, interval: 20s }
  minRetryRate: { count: 5, interval: 1s }
sessionPersistence: { sessionName: cart, absoluteTimeout: 1h, cookieConfig: { lifetimeType: Permanent } }
connections: { idleTimeout: 10s, maxAge: 1h, maxRequests: 1000, maxConcurrentStreams: 50 }
---
targetRefs:
- { kind: HTTPRoute, name: cart, sectionName: pay }
- { kind: GRPCRoute, name: cart }
loadBalancer:
  type: ConsistentHash
  consistentHash:
    key:
      type: Cookie
      cookie:
        name: cart
        ttl: 0s
        path: /cart
        attributes: [{ name: SameSite, value: Lax }, { name: Secure }]
    table: { type: Ring, pointsPerEndpoint: 64 }
timeouts: { request: 10s, backendRequest: 10s }
retry: { codes: [], attempts: 0 }
sessionPersistence: { type: Header }
---
targetRefs:
- { kind: Service, name: cart }
loadBalancer:
  type: ConsistentHash
  consistentHash: { key: { type: Header, header: X-User }, table: { size: 1021 } }
locality: { mode: None }
retryConstraint: {}
outlierEjection: {}
---
targetRefs:
- { kind: Service, name: cart }
loadBalancer: { type: ConsistentHash, consistentHash: { key: { type: SourceIP } } }
---
targetRefs:
- { kind: Service, name: cart }
loadBalancer: { type: PeakEWMA, peakEWMA: { decay: 5s } }
`);

/** Specs each of which has one thing wrong with it. */
export const BAD_SPECS: readonly Json[] = [
  ...yaml(`
{}
---
targetRefs: []
---
targetRefs: [{ kind: Pod, name: cart }]
---
targetRefs: [{ kind: Service, name: cart }, { kind: Service, name: cart }]
---
targetRefs: [{ kind: HTTPRoute, name: cart }]
limits: { maxConnections: 1 }
---
targetRefs: [{ kind: Service, name: cart }, { kind: GRPCRoute, name: cart }]
outlierEjection: {}
---
targetRefs: [{ kind: HTTPRoute, name: cart }]
connections: {}
`),
  ...yaml(`
loadBalancer: {}
---
loadBalancer: { type: Fair }
---
loadBalancer: { type: Random, leastRequest: {} }
---
loadBalancer: { type: LeastRequest, leastRequest: { choices: 1 } }
---
loadBalancer: { type: LeastRequest, peakEWMA: {} }
---
loadBalancer: { type: PeakEWMA, peakEWMA: { decay: 99ms } }
---
loadBalancer: { type: ConsistentHash }
---
loadBalancer: { type: RoundRobin, consistentHash: { key: { type: SourceIP } } }
---
loadBalancer: { type: ConsistentHash, consistentHash: {} }
---
loadBalancer: { type: ConsistentHash, consistentHash: { key: { type: Header } } }
---
loadBalancer: { type: ConsistentHash, consistentHash: { key: { type: Header, header: "a b" } } }
---
loadBalancer: { type: ConsistentHash, consistentHash: { key: { type: SourceIP, header: a } } }
---
loadBalancer: { type: ConsistentHash, consistentHash: { key: { type: Cookie, cookie: {} } } }
---
loadBalancer: { type: ConsistentHash, consistentHash: { key: { type: Cookie, cookie: { name: a, path: x } } } }
---
loadBalancer: { type: ConsistentHash, consistentHash: { key: { type: Cookie, cookie: { name: "a=b" } } } }
---
loadBalancer:
  type: ConsistentHash
  consistentHash: { key: { type: Cookie, cookie: { name: a, attributes: [{ name: Path, value: x }] } } }
---
loadBalancer:
  type: ConsistentHash
  consistentHash: { key: { type: Cookie, cookie: { name: a, attributes: [{ name: Domain, value: "a;b" }] } } }
---
loadBalancer: { type: ConsistentHash, consistentHash: { key: { type: SourceIP }, table: { size: 7 } } }
---
loadBalancer: { type: ConsistentHash, consistentHash: { key: { type: SourceIP }, table: { pointsPerEndpoint: 7 } } }
---
loadBalancer: { type: ConsistentHash, consistentHash: { key: { type: SourceIP }, table: { type: Ring, size: 1021 } } }
---
locality: { mode: Failover }
---
locality: { mode: Strict, scopes: [] }
---
locality: { mode: Strict, scopes: [Zone, Zone] }
---
locality: { mode: Strict, scopes: [Cluster] }
---
locality: { mode: None, scopes: [Zone] }
---
locality: { scopes: [Zone] }
---
slowStart: {}
---
slowStart: { window: 999ms }
---
slowStart: { window: 1s, aggressionPercent: 9 }
---
panicThresholdPercent: 101
---
outlierEjection: { consecutive5xxErrors: -1 }
---
outlierEjection: { failureRatio: {} }
---
outlierEjection: { failureRatio: { percent: 50, window: 11m } }
---
outlierEjection: { rateLimits: { defaultTime: 1s } }
---
outlierEjection: { rateLimits: { maxTime: 2h } }
---
outlierEjection: { baseEjectionTime: 10s, maxEjectionTime: 9s }
---
outlierEjection: { baseEjectionTime: 6m }
---
outlierEjection: { maxEjectionTime: 9s }
---
outlierEjection: { maxEjectedPercent: 101 }
---
limits: { maxConnections: 0 }
---
limits: { pendingTimeout: 0s }
---
limits: { maxConnection: 1 }
---
timeouts: { connect: 0s }
---
timeouts: { request: 1s, backendRequest: 2s }
---
timeouts: { request: 1.5s }
---
retry: { attempts: 11 }
---
retry: { codes: [399] }
---
retry: { codes: [503, 503] }
---
retry: { grpcCodes: [OK] }
---
retry: { grpcCodes: [UNAVAILABLE, UNAVAILABLE] }
---
retry: { nonIdempotent: "yes" }
---
retry: { backoff: 1s }
---
retry: { maxBodyBytes: 16777217 }
---
retryConstraint: { budget: { percent: 101 } }
---
retryConstraint: { budget: { interval: 999ms } }
---
retryConstraint: { minRetryRate: { count: 0 } }
---
sessionPersistence: { cookieConfig: { lifetimeType: Permanent } }
---
sessionPersistence: { type: Header, cookieConfig: {} }
---
sessionPersistence: { type: Path }
---
connections: { idleTimeout: 2h }
---
connections: { maxConcurrentStreams: 0 }
---
budget: {}
`).map((spec) => ({ targetRefs: [{ kind: 'Service', name: 'cart' }], ...spec })),
];

function yaml(text: string): readonly Json[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Json);
}
