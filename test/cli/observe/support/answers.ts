import type { ApiAnswers, LiveMessage, Rates, RefusalView, TrafficEnd } from '../../../../src/model/index.ts';

export const NOW_MS = Date.parse('2026-03-01T12:00:00.000Z');
const DAY_MS = 86_400_000;

export function rates(more: Partial<Rates> = {}): Rates {
  return {
    seconds: 60,
    connects: 0,
    requests: 0,
    sentBytes: 0,
    receivedBytes: 0,
    refused: 0,
    failed: 0,
    retries: 0,
    success: 1,
    p50Ms: undefined,
    p90Ms: undefined,
    p99Ms: undefined,
    ...more,
  };
}

const BUSY = rates({
  connects: 2,
  requests: 12.25,
  sentBytes: 15_300,
  receivedBytes: 1_200,
  success: 0.9996,
  p50Ms: 1.5,
  p90Ms: 4,
  p99Ms: 12.25,
});
const REFUSED = rates({ connects: 1, refused: 1, success: 0 });

export function end(workload: string, namespace = 'shop'): TrafficEnd {
  return { namespace, workload, identity: `spiffe://cluster.local/ns/${namespace}/sa/${workload}` };
}

function workload(name: string, own: Rates): ApiAnswers['/api/v1/workloads']['workloads'][number] {
  return {
    uid: `Kubernetes//Pod/shop/${name}-1`,
    namespace: 'shop',
    name: `${name}-1`,
    workload: name,
    node: 'node-1',
    addresses: ['10.244.1.2'],
    identity: end(name).identity,
    protocol: 'HBONE',
    waypoint: '',
    enrolment: 'captured',
    certificate: undefined,
    connections: 3,
    olderConnections: 0,
    rates: own,
    cost: { cpuShare: 0.5, cpuCores: 0.012, memoryBytes: 1_000_000, bandwidthShare: 0.5 },
  };
}

function service(
  name: string,
  own: Rates,
  waypoint = '',
): ApiAnswers['/api/v1/services']['services'][number] {
  return {
    namespace: 'shop',
    name,
    hostname: `${name}.shop.svc.cluster.local`,
    addresses: ['10.96.0.10'],
    ports: [8080],
    endpoints: { healthy: 1, total: 2 },
    waypoint,
    rates: own,
    problems: [],
  };
}

const WAYPOINT = 'shop/waypoint';

/** A small shop: frontend calls cart through a waypoint, and a stranger is refused by payments. */
export const ANSWERS: Partial<ApiAnswers> = {
  '/api/v1/info': {
    scope: 'mesh',
    node: '',
    version: '0.1.0',
    trustDomain: 'cluster.local',
    startedMs: NOW_MS - DAY_MS,
    nowMs: NOW_MS,
    meshUrl: '',
  },
  '/api/v1/workloads': {
    workloads: [workload('cart', BUSY), workload('frontend', BUSY), workload('payments', rates())],
  },
  '/api/v1/services': {
    services: [service('payments', REFUSED), service('cart', BUSY, WAYPOINT), service('idle', rates())],
  },
  '/api/v1/topology': {
    seconds: 60,
    nodes: [
      node('workload', 'frontend'),
      { ...node('service', 'cart'), waypoint: WAYPOINT },
      node('workload', 'cart'),
      node('service', 'payments'),
      {
        id: 'outside/192.0.2.7',
        kind: 'outside',
        namespace: '',
        name: '192.0.2.7',
        inMesh: false,
        waypoint: '',
      },
      node('workload', 'quiet'),
    ],
    edges: [
      edge('workload/shop/frontend', 'service/shop/cart', 'http', BUSY),
      edge('service/shop/cart', 'workload/shop/cart', 'http', BUSY),
      { ...edge('outside/192.0.2.7', 'service/shop/payments', 'tcp', REFUSED), mutualTls: false },
    ],
  },
  '/api/v1/waypoints': {
    waypoints: [
      {
        namespace: 'shop',
        name: 'waypoint',
        ready: { pods: 1, total: 1 },
        serves: 'service',
        rates: BUSY,
        routes: [
          {
            kind: 'HTTPRoute',
            namespace: 'shop',
            name: 'canary',
            service: 'shop/cart',
            rule: '1',
            rates: BUSY,
          },
        ],
        ejected: [],
      },
    ],
  },
  '/api/v1/proxies': {
    proxies: [
      proxy('ztunnel/node-1', 'current', ''),
      proxy('ztunnel/node-2', 'rejecting', 'policy shop/p: expected an action'),
    ],
  },
  '/api/v1/certificates': {
    certificates: [
      certificate('root', 'CN=root of cluster.local', '0a', 20),
      certificate('intermediate', 'CN=ca 1', '0b', 200),
      certificate('workload', end('cart').identity, '0c', 0.5),
    ],
  },
};

/** The same root, as the second proxy tells it. */
export function certificate(
  kind: 'root' | 'intermediate' | 'workload',
  name: string,
  serial: string,
  days: number,
  proxyId = 'ztunnel/node-1',
): ApiAnswers['/api/v1/certificates']['certificates'][number] {
  return {
    kind,
    name,
    proxy: proxyId,
    serial,
    state: 'available',
    notBeforeMs: NOW_MS - DAY_MS,
    notAfterMs: NOW_MS + days * DAY_MS,
    rotations: [],
  };
}

function node(kind: 'workload' | 'service', name: string): ApiAnswers['/api/v1/topology']['nodes'][number] {
  return { id: `${kind}/shop/${name}`, kind, namespace: 'shop', name, inMesh: true, waypoint: '' };
}

function edge(
  from: string,
  to: string,
  protocol: 'http' | 'tcp',
  own: Rates,
): ApiAnswers['/api/v1/topology']['edges'][number] {
  return { from, to, protocol, mutualTls: true, rates: own, slow: false };
}

function proxy(
  id: string,
  state: 'current' | 'rejecting',
  reason: string,
): ApiAnswers['/api/v1/proxies']['proxies'][number] {
  const acknowledged = state === 'current' ? 'v2' : 'v1';
  return {
    id,
    kind: 'ztunnel',
    node: id.slice(id.indexOf('/') + 1),
    version: '0.1.0',
    connectedMs: NOW_MS - 600_000,
    state,
    reason,
    types: [
      {
        typeUrl: 'type.googleapis.com/istio.workload.Address',
        sent: 'v2',
        acknowledged,
        rejected: state === 'current' ? '' : 'v2',
        acknowledgedMs: NOW_MS - 30_000,
      },
    ],
    pushP50Ms: 3,
    pushP99Ms: 40,
    dashboardUrl: '',
    lastReportMs: NOW_MS - 5_000,
    clockAheadMs: 0,
  };
}

export const REFUSAL: RefusalView = {
  id: 'r1',
  atMs: NOW_MS + 2,
  proxy: 'ztunnel/node-2',
  reporter: 'destination',
  source: end('shopper'),
  sourceAddress: '10.244.1.9',
  destination: end('payments'),
  dialled: '10.96.0.12:8080',
  service: { namespace: 'shop', name: 'payments', port: 8080 },
  request: undefined,
  kind: 'refused',
  reason: 'ERR_POLICY_DENIED',
  policy: 'shop/payments-from-cart',
  rule: 0,
  message: 'no rule of policy shop/payments-from-cart allows shop/sa/shopper',
  hint: 'add the identity to a rule, if it is to be allowed',
  traceId: '',
};

/** What goes by: a request, a refusal that two proxies tell, a connection that opens and one that breaks. */
export const LIVE: readonly LiveMessage[] = [
  {
    topic: 'requests',
    requests: [
      {
        atMs: NOW_MS + 1,
        proxy: 'waypoint/shop/waypoint-1',
        source: end('frontend'),
        sourceAddress: '10.244.1.2',
        destination: end('cart'),
        service: { namespace: 'shop', name: 'cart', port: 8080 },
        protocol: 'http',
        method: 'POST',
        host: 'cart',
        path: '/orders/7',
        status: 201,
        grpcStatus: undefined,
        durationMs: 12.25,
        attempts: 2,
        route: 'shop/canary',
        reason: '',
        policy: '',
        traceId: '',
      },
    ],
  },
  { topic: 'refusals', refusals: [REFUSAL] },
  { topic: 'refusals', refusals: [REFUSAL] },
  {
    topic: 'connections',
    opened: [connection('1')],
    closed: [{ ...connection('2'), closedMs: NOW_MS + 5_000, error: 'connection reset' }],
  },
];

function connection(id: string): Extract<LiveMessage, { readonly topic: 'connections' }>['opened'][number] {
  return {
    id,
    pod: 'cart-1',
    direction: 'inbound',
    source: end('frontend'),
    sourceAddress: '10.244.1.2',
    destination: end('cart'),
    destinationAddress: '10.244.1.3:8080',
    service: undefined,
    tunnel: '10.244.1.2:41046',
    waypoint: '',
    openedMs: NOW_MS,
    sentBytes: 1_500,
    receivedBytes: 20,
  };
}
