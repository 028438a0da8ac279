import { parse } from 'yaml';

type Json = Readonly<Record<string, unknown>>;

/** Specs that are good, each with much in it. The reader of an issue sees the YAML that a user would write. */
export const GOOD_SPECS: Readonly<Record<'RateLimit' | 'FaultInjection' | 'Filter', readonly Json[]>> = {
  RateLimit: yaml(`
rules:
- limits:
  - requests: 10
---
targetRefs:
- { kind: Service, name: cart, sectionName: "8080" }
- { group: "", kind: Service, name: checkout }
- { group: gateway.networking.k8s.io, kind: HTTPRoute, name: cart, sectionName: pay }
- { kind: Gateway, name: waypoint }
rules:
- name: probes
  matches:
  - path: { type: Exact, value: /healthz }
    client: { namespace: monitoring, serviceAccount: prober }
  - headers:
    - { name: X-Probe, type: Present }
    - { name: x-debug, type: Absent }
    - { name: x-kind, value: probe }
    - { name: x-kind, type: RegularExpression, value: "probe|check" }
  limits: []
- name: pay
  matches:
  - { method: POST, path: { value: /pay } }
  limits:
  - requests: 100
    interval: 1m30s
    burst: 20
    per:
    - type: Identity
    - { type: Header, header: X-Tenant }
  - requests: 1000
global:
  service: { name: valkey, namespace: infra, port: 6379 }
  auth: { username: mesh, passwordFile: valkey-password }
  timeout: 20ms
  failure: Closed
announce: true
---
rules:
- limits:
  - { requests: 5, interval: 24h, per: [{ type: Address }, { type: Path }, { type: Method }, { type: Service }] }
global:
  host: { name: "10.1.2.3", port: 6379 }
`),
  FaultInjection: yaml(`
rules:
- delay: { duration: 2s }
---
targetRefs:
- { kind: GRPCRoute, name: cart }
rules:
- name: slow
  matches:
  - headers: [{ name: x-chaos, type: Present }]
  delay: { duration: 1s500ms, percent: 10 }
- name: broken
  abort: { status: 503, grpcStatus: UNAVAILABLE, fraction: { numerator: 1, denominator: 1000 } }
- delay: { duration: 10m, fraction: { numerator: 100 } }
  abort: { grpcStatus: CANCELLED, percent: 0 }
maxActive: 10
`),
  Filter: yaml(`
source:
  inline: export function onRequest() {}
---
targetRefs:
- { kind: Service, name: cart, sectionName: http }
source:
  configMapRef: { name: filters, key: tenant.ts }
config: { tenants: [a, { b: null }], on: true }
body: { access: Both, maxBytes: 1024 }
limits: { time: 5ms, memory: 1024Mi }
failure: Open
`),
};

/** Specs each of which has one thing wrong with it. */
export const BAD_SPECS: Readonly<Record<keyof typeof GOOD_SPECS, readonly Json[]>> = {
  RateLimit: yaml(`
{}
---
rules: []
---
rules: [{}]
---
rules: [{ limits: [{ requests: 0 }] }]
---
rules: [{ limits: [{ requests: 1.5 }] }]
---
rules: [{ limits: [{ request: 1, requests: 1 }] }]
---
rules: [{ limits: [{ requests: 1, interval: 25h }] }]
---
rules: [{ limits: [{ requests: 1, interval: 99ms }] }]
---
rules: [{ limits: [{ requests: 1, interval: 1m 30s }] }]
---
rules: [{ limits: [{ requests: 1, interval: 0.5s }] }]
---
rules: [{ limits: [{ requests: 1, per: [] }] }]
---
rules: [{ limits: [{ requests: 1, per: [{ type: Header }] }] }]
---
rules: [{ limits: [{ requests: 1, per: [{ type: Identity, header: x }] }] }]
---
rules: [{ limits: [{ requests: 1, per: [{ type: Header, header: "a b" }] }] }]
---
rules: [{ limits: [{ requests: 1, per: [{ type: Identity }, { type: Identity }] }] }]
---
rules: [{ name: a, limits: [] }, { name: a, limits: [] }]
---
rules: [{ name: "#1", limits: [] }]
---
rules: [{ limits: [], matches: [] }]
---
rules: [{ limits: [], matches: [{}] }]
---
rules: [{ limits: [], matches: [{ method: get }] }]
---
rules: [{ limits: [], matches: [{ path: { value: cart } }] }]
---
rules: [{ limits: [], matches: [{ path: { type: RegularExpression } }] }]
---
rules: [{ limits: [], matches: [{ headers: [{ name: x }] }] }]
---
rules: [{ limits: [], matches: [{ headers: [{ name: x, type: Present, value: "1" }] }] }]
---
rules: [{ limits: [], matches: [{ client: { serviceAccount: a } }] }]
---
rules: [{ limits: [] }]
global: {}
---
rules: [{ limits: [] }]
global: { host: { name: a, port: 1 }, service: { name: a, port: 1 } }
---
rules: [{ limits: [] }]
global: { service: { name: a } }
---
rules: [{ limits: [] }]
global: { host: { name: a, port: 1 }, auth: { username: a } }
---
rules: [{ limits: [] }]
global: { host: { name: a, port: 1 }, auth: { passwordFile: ../token } }
---
rules: [{ limits: [] }]
global: { host: { name: a, port: 1 }, timeout: 6s }
---
rules: [{ limits: [] }]
targetRefs: []
---
rules: [{ limits: [] }]
targetRefs: [{ kind: Pod, name: a }]
---
rules: [{ limits: [] }]
targetRefs: [{ kind: Service, name: a, namespace: other }]
---
rules: [{ limits: [] }]
targetRefs: [{ kind: Service, name: a, group: apps }]
---
rules: [{ limits: [] }]
targetRefs: [{ kind: HTTPRoute, name: a, group: "" }]
---
rules: [{ limits: [] }]
targetRefs: [{ kind: Gateway, name: a, sectionName: b }]
---
rules: [{ limits: [] }]
targetRefs: [{ kind: Service, name: a }, { kind: Service, name: a }]
---
rules: [{ limits: [] }]
announce: "yes"
---
rules: [{ limits: null }]
---
rules: null
`),
  FaultInjection: yaml(`
rules: [{}]
---
rules: [{ name: a }]
---
rules: [{ delay: {} }]
---
rules: [{ delay: { duration: 0s } }]
---
rules: [{ delay: { duration: 11m } }]
---
rules: [{ delay: { duration: 1s, percent: 101 } }]
---
rules: [{ delay: { duration: 1s, percent: 1, fraction: { numerator: 1 } } }]
---
rules: [{ delay: { duration: 1s, fraction: { numerator: 101 } } }]
---
rules: [{ delay: { duration: 1s, fraction: { numerator: 1, denominator: 0 } } }]
---
rules: [{ abort: {} }]
---
rules: [{ abort: { percent: 10 } }]
---
rules: [{ abort: { status: 101 } }]
---
rules: [{ abort: { grpcStatus: OK } }]
---
rules: [{ abort: { grpcStatus: 14 } }]
---
rules: [{ delay: { duration: 1s } }]
maxActive: 0
`),
  Filter: yaml(`
{}
---
source: {}
---
source: { inline: "" }
---
source: { inline: a, configMapRef: { name: a, key: b } }
---
source: { configMapRef: { name: a } }
---
source: { configMapRef: { name: a, key: a/b } }
---
source: { configMapRef: { name: a, key: b, namespace: c } }
---
source: { inline: a }
config: []
---
source: { inline: a }
body: { access: All }
---
source: { inline: a }
body: { maxBytes: 16777217 }
---
source: { inline: a }
limits: { time: 11s }
---
source: { inline: a }
limits: { memory: 15Mi }
---
source: { inline: a }
limits: { memory: 1025Mi }
---
source: { inline: a }
limits: { memory: 1Gi }
---
source: { inline: a }
failure: open
---
source: { inline: a }
timeout: 5ms
`),
};

function yaml(documents: string): readonly Json[] {
  return documents.split('\n---\n').map((text) => parse(text) as Json);
}
