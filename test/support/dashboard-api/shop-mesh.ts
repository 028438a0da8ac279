import type {
  ApiAnswers,
  ConnectionView,
  RefusalView,
  ServiceProblem,
  Topology,
  TopologyEdge,
  TopologyNode,
  TrafficEnd,
  WorkloadView,
} from '../../../src/model/index.ts';
import { ratesOf } from './rates.ts';

const HOUR = 3_600_000;

/** Answers to all questions but series, which depend on the time that they are asked for. */
export type FixtureMesh = Omit<ApiAnswers, '/api/v1/service-metrics' | '/api/v1/flows'>;

/** The shop of the demo as a node tells of it: orders go through, one shopper is refused, one backend fails now and then. */
export function shopMesh(nowMs: number, scope: 'node' | 'mesh'): FixtureMesh {
  return {
    '/api/v1/info': {
      scope,
      node: scope === 'node' ? 'node-1' : '',
      version: '0.1.0',
      trustDomain: 'cluster.local',
      startedMs: nowMs - 9 * HOUR,
      nowMs,
      meshUrl: scope === 'node' ? 'https://mesh.example/' : '',
    },
    '/api/v1/workloads': {
      workloads: ['frontend', 'cart', 'payments', 'catalog', 'shopper'].map((name) => pod(name, nowMs)),
    },
    '/api/v1/services': {
      services: ['cart', 'payments', 'catalog', 'frontend'].map((name, index) => ({
        namespace: 'shop',
        name,
        hostname: `${name}.shop.svc.cluster.local`,
        addresses: [`10.96.0.${11 + index}`],
        ports: [8080],
        endpoints: { healthy: name === 'catalog' ? 1 : 2, total: 2 },
        waypoint: name === 'cart' ? 'shop/waypoint' : '',
        rates: ratesOf({ requests: 40 - index * 9, failed: name === 'catalog' ? 0.9 : 0 }),
        problems: name === 'catalog' ? CATALOG_PROBLEMS : [],
      })),
    },
    '/api/v1/topology': topology(),
    '/api/v1/connections': connections(nowMs),
    '/api/v1/refusals': { refusals: refusals(nowMs) },
    '/api/v1/certificates': {
      certificates: [
        certificate('root', 'CN=nodemesh root, O=cluster.local', nowMs - 3_000 * HOUR, nowMs + 500 * HOUR),
        ...['frontend', 'cart', 'payments', 'catalog'].map((name, index) =>
          certificate(
            'workload',
            identity(name),
            nowMs - (index * 4 + 7) * HOUR,
            nowMs + (17 - index * 4) * HOUR,
          ),
        ),
      ],
    },
    '/api/v1/policies': {
      policies: [
        policy('payments-from-cart', 'ALLOW', 'pods with app=payments', { allowed: 18_204, denied: 311 }),
        policy('cart-reads', 'ALLOW', 'Service cart, by waypoint', { allowed: 40_120, denied: 96 }),
        policy('nobody-from-outside', 'DENY', 'namespace shop', {
          allowed: 0,
          denied: 0,
          dryRun: true,
          wouldDeny: 12,
        }),
      ],
    },
    '/api/v1/waypoints': {
      waypoints: [
        {
          namespace: 'shop',
          name: 'waypoint',
          ready: { pods: 1, total: 1 },
          serves: 'services of shop',
          rates: ratesOf({ requests: 38.4, retries: 0.3 }),
          routes: [
            {
              kind: 'HTTPRoute',
              namespace: 'shop',
              name: 'canary',
              service: 'shop/cart',
              rule: 'GET /v2/*',
              rates: ratesOf({ requests: 4.2, failed: 0.1 }),
            },
            {
              kind: 'HTTPRoute',
              namespace: 'shop',
              name: 'canary',
              service: 'shop/cart',
              rule: '/*',
              rates: ratesOf({ requests: 34.2, retries: 0.3 }),
            },
          ],
          ejected: [
            {
              backend: 'shop/catalog:8080',
              endpoint: '10.244.2.7:8080',
              reason: '5 errors of 5xx in a row',
              untilMs: nowMs + 24_000,
            },
          ],
        },
      ],
    },
    '/api/v1/proxies': { proxies: scope === 'mesh' ? proxies(nowMs) : [] },
    '/api/v1/trace': { spans: spans(nowMs) },
  };
}

export const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

export function identity(name: string): string {
  return `spiffe://cluster.local/ns/shop/sa/${name}`;
}

export function end(name: string): TrafficEnd {
  return { namespace: 'shop', workload: name, identity: identity(name) };
}

/** A refusal of today, by a policy that no rule of matched unless said otherwise. */
export function refusal(said: Partial<RefusalView> & Pick<RefusalView, 'id' | 'atMs'>): RefusalView {
  return {
    proxy: 'ztunnel/node-2',
    reporter: 'destination',
    source: end('shopper'),
    sourceAddress: '10.244.1.9',
    destination: end('payments'),
    dialled: '10.96.0.12:8080',
    service: { namespace: 'shop', name: 'payments', port: 8080 },
    request: undefined,
    kind: 'refused',
    reason: 'policy-denied',
    policy: 'shop/payments-from-cart',
    rule: 0,
    message:
      'shop/sa/shopper may not reach payments: no rule of the ALLOW policy payments-from-cart names it.',
    hint: 'If it should get through, add its principal to a rule of shop/payments-from-cart.',
    traceId: '',
    ...said,
  };
}

function refusals(nowMs: number): readonly RefusalView[] {
  const byPolicy = Array.from({ length: 9 }, (_, index) =>
    refusal({ id: `p${index}`, atMs: nowMs - 3_000 - index * 6_000 }),
  );
  const byWaypoint = Array.from({ length: 4 }, (_, index) =>
    refusal({
      id: `w${index}`,
      atMs: nowMs - 8_000 - index * 11_000,
      proxy: 'waypoint/shop/waypoint-7d4f9',
      reporter: 'waypoint',
      destination: end('cart'),
      dialled: 'cart.shop:8080',
      service: { namespace: 'shop', name: 'cart', port: 8080 },
      request: { method: 'DELETE', host: 'cart', path: '/items/7', status: 403 },
      policy: 'shop/cart-reads',
      message:
        'DELETE /items/7 of shop/sa/shopper is not allowed: the ALLOW policy cart-reads allows GET / for shop/sa/frontend.',
      hint: 'nodemesh explain shop/shopper shop/cart:8080 --method DELETE says what would have allowed it.',
      traceId: TRACE_ID,
    }),
  );
  const byFault = Array.from({ length: 3 }, (_, index) =>
    refusal({
      id: `f${index}`,
      atMs: nowMs - 14_000 - index * 16_000,
      source: end('frontend'),
      sourceAddress: '10.244.1.2',
      destination: end('catalog'),
      service: { namespace: 'shop', name: 'catalog', port: 8080 },
      kind: 'failed',
      reason: 'connect-refused',
      policy: '',
      message: 'Nothing listens on 10.244.2.7:8080: the application of catalog refused the connection.',
      hint: 'Look whether the pod still starts, and whether it has a readiness probe.',
    }),
  );
  return [...byPolicy, ...byWaypoint, ...byFault].sort((a, b) => b.atMs - a.atMs);
}

function topology(): Topology {
  const nodes: TopologyNode[] = [
    ...['frontend', 'cart', 'payments', 'catalog', 'shopper'].map((name) => node('workload', name)),
    ...['cart', 'payments', 'catalog', 'frontend'].map((name) => node('service', name)),
    {
      id: 'outside/203.0.113.7',
      kind: 'outside',
      namespace: '',
      name: '203.0.113.7',
      inMesh: false,
      waypoint: '',
    },
  ];
  return {
    seconds: 60,
    nodes,
    edges: [
      ...call('shopper', 'frontend', ratesOf({ requests: 21 })),
      ...call('frontend', 'cart', ratesOf({ requests: 34.2, p99Ms: 18 })),
      ...call('frontend', 'catalog', ratesOf({ requests: 22, failed: 0.9, p99Ms: 240 })),
      ...call('cart', 'payments', ratesOf({ requests: 17.1, p99Ms: 9.4 })),
      ...call('shopper', 'cart', ratesOf({ requests: 4.4, refused: 1.1 })).slice(0, 1),
      ...call('shopper', 'payments', ratesOf({ connects: 0.9, refused: 0.9 })).slice(0, 1),
      {
        from: 'outside/203.0.113.7',
        to: 'workload/shop/frontend',
        protocol: 'tcp',
        mutualTls: false,
        rates: ratesOf({ connects: 2.4 }),
        slow: false,
      },
    ],
  };
}

function call(from: string, to: string, rates: TopologyEdge['rates']): TopologyEdge[] {
  const edge = { protocol: 'http' as const, mutualTls: true, rates, slow: to === 'catalog' };
  return [
    { ...edge, from: `workload/shop/${from}`, to: `service/shop/${to}` },
    { ...edge, from: `service/shop/${to}`, to: `workload/shop/${to}` },
  ];
}

function node(kind: 'workload' | 'service', name: string): TopologyNode {
  const waypoint = kind === 'service' && name === 'cart' ? 'shop/waypoint' : '';
  return {
    id: `${kind}/shop/${name}`,
    kind,
    namespace: 'shop',
    name,
    inMesh: name !== 'shopper' || kind === 'workload',
    waypoint,
  };
}

function pod(name: string, nowMs: number): WorkloadView {
  const index = name.length;
  return {
    uid: `cluster.local//Pod/shop/${name}-1`,
    namespace: 'shop',
    name: `${name}-6c9f7d4b58-x2x${index}q`,
    workload: name,
    node: 'node-1',
    addresses: [`10.244.1.${index}`],
    identity: identity(name),
    protocol: 'HBONE',
    waypoint: '',
    enrolment: name === 'catalog' ? 'preparing' : 'captured',
    certificate: { notBeforeMs: nowMs - index * HOUR, notAfterMs: nowMs + (24 - index) * HOUR },
    connections: index * 3,
    olderConnections: name === 'frontend' ? 2 : 0,
    rates: ratesOf({ requests: index * 4, connects: index / 2, refused: name === 'payments' ? 0.9 : 0 }),
    cost: {
      cpuShare: index / 40,
      cpuCores: index / 900,
      memoryBytes: index * 220_000,
      bandwidthShare: index / 50,
    },
  };
}

function connections(nowMs: number): FixtureMesh['/api/v1/connections'] {
  const pairs = [
    ['frontend', 'cart'],
    ['frontend', 'catalog'],
    ['cart', 'payments'],
  ] as const;
  const open = pairs.flatMap(([from, to], index) => [
    connection({
      id: `${from}-${to}-out`,
      from,
      to,
      direction: 'outbound',
      openedMs: nowMs - (index + 1) * 83_000,
    }),
    connection({
      id: `${from}-${to}-in`,
      from,
      to,
      direction: 'inbound',
      openedMs: nowMs - (index + 1) * 83_000,
    }),
  ]);
  return { connections: open, total: open.length };
}

export function connection(of: {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly direction: 'inbound' | 'outbound';
  readonly openedMs: number;
}): ConnectionView {
  return {
    id: of.id,
    pod: `shop/${of.direction === 'inbound' ? of.to : of.from}`,
    direction: of.direction,
    source: end(of.from),
    sourceAddress: '10.244.1.2:41046',
    destination: end(of.to),
    destinationAddress: '10.244.2.3:8080',
    service: { namespace: 'shop', name: of.to, port: 8080 },
    tunnel: '10.244.2.3:15008',
    waypoint: of.to === 'cart' ? 'shop/waypoint' : '',
    openedMs: of.openedMs,
    sentBytes: 148_220,
    receivedBytes: 9_120,
  };
}

type Certificate = FixtureMesh['/api/v1/certificates']['certificates'][number];

function certificate(
  kind: Certificate['kind'],
  name: string,
  notBeforeMs: number,
  notAfterMs: number,
): Certificate {
  const serial = `5f${name.length}c09ab41`;
  const rotations = [
    { atMs: notBeforeMs + 120_000, serial, outcome: 'issued' as const, error: '' },
    {
      atMs: notBeforeMs + 60_000,
      serial: '',
      outcome: 'failed' as const,
      error: 'The controller did not answer within 5 s.',
    },
  ];
  return {
    kind,
    name,
    proxy: kind === 'root' ? 'controller' : 'ztunnel/node-1',
    serial,
    state: kind === 'root' ? 'trusted' : 'in use',
    notBeforeMs,
    notAfterMs,
    rotations: kind === 'root' ? [] : rotations,
  };
}

type Policy = FixtureMesh['/api/v1/policies']['policies'][number];

function policy(name: string, action: string, scope: string, counts: Partial<Policy>): Policy {
  const none = { dryRun: false, allowed: 0, denied: 0, wouldDeny: 0, wouldAllow: 0, problem: '' };
  return { namespace: 'shop', name, kind: 'AuthorizationPolicy', action, scope, ...none, ...counts };
}

function proxies(nowMs: number): FixtureMesh['/api/v1/proxies']['proxies'] {
  return (['current', 'stale', 'rejecting'] as const).map((state, index) => ({
    id: `ztunnel/node-${index + 1}`,
    kind: 'ztunnel',
    node: `node-${index + 1}`,
    version: '0.1.0',
    connectedMs: nowMs - HOUR * (index + 2),
    state,
    reason: {
      current: '',
      stale: 'has not acknowledged a push for 42 s',
      rejecting: 'Authorization shop/cart-reads: unknown field',
    }[state],
    types: ['istio.workload.Address', 'istio.security.Authorization'].map((type, typeIndex) => ({
      typeUrl: `type.googleapis.com/${type}`,
      sent: 'a41f09c2d771',
      acknowledged: state !== 'current' && typeIndex === 1 ? '88be01776a2c' : 'a41f09c2d771',
      rejected: state === 'rejecting' && typeIndex === 1 ? 'a41f09c2d771' : '',
      acknowledgedMs: nowMs - 44_000,
    })),
    pushP50Ms: 4 + index,
    pushP99Ms: 21 + index * 30,
    lastReportMs: nowMs - 2_000,
    clockAheadMs: 0,
    dashboardUrl: `https://node-${index + 1}.example/`,
  }));
}

function spans(nowMs: number): FixtureMesh['/api/v1/trace']['spans'] {
  const names = [
    ['outbound cart.shop.svc.cluster.local', 'ztunnel/node-1', 'client', 0, 18.2],
    ['GET cart.shop.svc.cluster.local', 'waypoint/shop/waypoint-7d4f9', 'server', 0.9, 16.6],
    ['GET cart.shop.svc.cluster.local', 'waypoint/shop/waypoint-7d4f9', 'client', 1.4, 6.1],
    ['GET cart.shop.svc.cluster.local', 'waypoint/shop/waypoint-7d4f9', 'client', 8.2, 8.9],
    ['inbound cart.shop.svc.cluster.local', 'ztunnel/node-2', 'server', 8.8, 7.7],
  ] as const;
  const request = { 'http.request.method': 'GET', 'url.path': '/items' };
  const attributes = [
    { 'server.address': '10.244.1.9' },
    { ...request, 'http.response.status_code': 200 },
    { ...request, 'http.response.status_code': 503, 'nodemesh.destination.workload': 'cart-2' },
    {
      ...request,
      'http.response.status_code': 200,
      'http.request.resend_count': 1,
      'nodemesh.destination.workload': 'cart-1',
    },
    { 'server.address': '10.244.2.3' },
  ] as const;
  const parents = ['', '1', '2', '2', '4'];
  return names.map(([name, proxy, kind, from, durationMs], index) => ({
    traceId: TRACE_ID,
    spanId: `${index + 1}`.padStart(16, '0'),
    parentId: (parents[index] ?? '') === '' ? '' : (parents[index] ?? '').padStart(16, '0'),
    name,
    proxy,
    kind,
    startMs: nowMs - 30_000 + from,
    durationMs,
    failed: index === 2,
    attributes: attributes[index] ?? {},
  }));
}

const CATALOG_PROBLEMS: readonly ServiceProblem[] = [
  {
    kind: 'failing',
    workload: '',
    message: '8 % of requests fail: connecting to 10.244.2.9:8080 failed: ECONNREFUSED',
    hint: 'is the application running, and does it listen on that port?',
  },
  {
    kind: 'slow',
    workload: 'shop/catalog',
    message: 'shop/catalog is slow: it answers in 1.2 s (p50; p99 2.4 s)',
    hint: 'look at what it does and waits for: its log, its processor',
  },
];
