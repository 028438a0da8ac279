import type {
  FlowRecord,
  RefusalView,
  RequestView,
  TraceSpan,
  TrafficEdge,
  TrafficEnd,
} from '../../../src/model/index.ts';

/** A workload of namespace shop, with its identity. */
export function shop(workload: string): TrafficEnd {
  return { namespace: 'shop', workload, identity: `spiffe://cluster.local/ns/shop/sa/${workload}` };
}

/** From frontend to cart through service cart, told by the client's node, unless said otherwise. */
export function edge(over: Partial<TrafficEdge> = {}): TrafficEdge {
  return {
    reporter: 'source',
    source: shop('frontend'),
    destination: shop('cart'),
    service: { namespace: 'shop', name: 'cart', port: 8080 },
    protocol: 'tcp',
    mutualTls: true,
    waypoint: '',
    ...over,
  };
}

export function refusal(over: Partial<RefusalView> = {}): Omit<RefusalView, 'id' | 'proxy'> {
  return {
    atMs: 0,
    reporter: 'destination',
    source: shop('shopper'),
    sourceAddress: '10.244.1.9',
    destination: shop('payments'),
    dialled: '10.96.0.12:8080',
    service: { namespace: 'shop', name: 'payments', port: 8080 },
    request: undefined,
    kind: 'refused',
    reason: 'policy',
    policy: 'shop/payments-from-cart',
    rule: 0,
    message: 'no rule of shop/payments-from-cart allows shop/sa/shopper',
    hint: 'add a rule',
    traceId: '',
    ...over,
  };
}

export function flow(
  over: Partial<FlowRecord> = {},
): Omit<FlowRecord, 'firstMs' | 'lastMs' | 'count' | 'proxy'> {
  return {
    reporter: 'destination',
    source: shop('frontend'),
    sourceAddress: '10.244.1.2',
    destination: shop('cart'),
    destinationAddress: '10.244.2.3',
    destinationPort: 8080,
    service: undefined,
    mutualTls: true,
    waypoint: '',
    verdict: 'allowed',
    policy: '',
    request: undefined,
    ...over,
  };
}

export function span(over: Partial<TraceSpan> = {}): Omit<TraceSpan, 'proxy'> {
  return {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    parentId: '',
    name: 'GET /',
    kind: 'server',
    startMs: 1,
    durationMs: 2,
    failed: false,
    attributes: {},
    ...over,
  };
}

export function requestView(path: string): RequestView {
  return {
    atMs: 1,
    proxy: 'ztunnel/node-1',
    source: shop('frontend'),
    sourceAddress: '10.244.1.2',
    destination: shop('cart'),
    service: { namespace: 'shop', name: 'cart', port: 8080 },
    protocol: 'http',
    method: 'GET',
    host: 'cart',
    path,
    status: 200,
    grpcStatus: undefined,
    durationMs: 1.5,
    attempts: 1,
    route: 'shop/canary',
    reason: '',
    policy: '',
    traceId: '',
  };
}
