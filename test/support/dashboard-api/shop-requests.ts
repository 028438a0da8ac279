import type { RequestView } from '../../../src/model/index.ts';
import { end, TRACE_ID } from './shop-mesh.ts';

/** A request to the cart that was answered at once, unless said otherwise. */
export function request(said: Partial<RequestView> & Pick<RequestView, 'atMs'>): RequestView {
  return {
    proxy: 'waypoint/shop/waypoint-7d4f9',
    source: end('frontend'),
    sourceAddress: '10.244.1.2',
    destination: end('cart'),
    service: { namespace: 'shop', name: 'cart', port: 8080 },
    protocol: 'http',
    method: 'GET',
    host: 'cart:8080',
    path: '/items/7',
    status: 200,
    grpcStatus: undefined,
    durationMs: 3.2,
    attempts: 1,
    route: 'HTTPRoute/shop/canary',
    reason: '',
    policy: '',
    traceId: '',
    ...said,
  };
}

/** Requests of the last seconds, oldest first: answered, tried again, refused, failed, and a gRPC call. */
export function shopRequests(nowMs: number): readonly RequestView[] {
  const nowhere = { namespace: '', workload: '', identity: '' };
  const kinds: readonly Partial<RequestView>[] = [
    {},
    { path: '/items/12', durationMs: 2.1 },
    { path: '/v2/items', attempts: 2, durationMs: 18.2, traceId: TRACE_ID },
    {
      source: end('shopper'),
      sourceAddress: '10.244.1.9',
      destination: nowhere,
      method: 'DELETE',
      status: 403,
      durationMs: 0.4,
      route: '',
      reason: 'not_allowed',
      policy: 'shop/cart-reads',
      traceId: TRACE_ID,
    },
    { method: 'POST', path: '/items', status: 404, durationMs: 5.9 },
    {
      destination: end('catalog'),
      service: { namespace: 'shop', name: 'catalog', port: 8080 },
      host: 'catalog:8080',
      path: '/v1/search',
      status: 503,
      attempts: 3,
      durationMs: 240,
      route: '',
    },
    {
      protocol: 'grpc',
      method: 'POST',
      host: 'catalog:8080',
      path: '/shop.Catalog/List',
      grpcStatus: 0,
      service: { namespace: 'shop', name: 'catalog', port: 8080 },
      destination: end('catalog'),
      route: '',
    },
  ];
  return Array.from({ length: 21 }, (_, index) =>
    request({ atMs: nowMs - (21 - index) * 450, ...kinds[index % kinds.length] }),
  );
}
