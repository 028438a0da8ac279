import { type Clock, systemClock } from '../../../src/base/index.ts';
import type { Rates } from '../../../src/model/index.ts';
import {
  type ApiServer,
  type ApiServerOptions,
  createApiServer,
  createObservationStore,
  type Facts,
  type ObservationStore,
} from '../../../src/telemetry/index.ts';
import { edge, flow, refusal, shop, span } from '../observation/observed-traffic.ts';

export interface RunningApi {
  readonly server: ApiServer;
  readonly store: ObservationStore;
  readonly url: string;
  readonly host: string;
}

/** A server over a store; closed with the test. */
export async function startApi(
  t: { teardown(end: () => unknown): void },
  options: Partial<ApiServerOptions> & { readonly clock?: Clock } = {},
): Promise<RunningApi> {
  const store =
    options.store ?? createObservationStore({ proxy: 'ztunnel/node-1', clock: options.clock ?? systemClock });
  const server = createApiServer({ facts: someFacts(), ...options, store });
  const { host, port } = await server.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => server.close());
  return { server, store, url: `http://${host}:${port}`, host: `${host}:${port}` };
}

/** One of everything, now. */
export function observeSome(store: ObservationStore): void {
  const atMs = Date.now();
  store.count(edge(), { opened: 2, closed: 1, sentBytes: 100, tookMs: 3 });
  store.count(edge({ protocol: 'http', reporter: 'waypoint', waypoint: 'shop/waypoint' }), {
    requests: 4,
    status: 200,
    tookMs: 12,
  });
  store.refused(refusal({ atMs, request: { method: 'GET', host: 'payments', path: '/', status: 403 } }));
  store.flow(flow());
  const request = {
    method: 'GET',
    host: 'cart',
    path: '/',
    headers: { a: 'b' },
    tokenPrincipal: '',
    claims: {},
  };
  store.flow(
    flow({ request: { ...request, status: 200 }, service: { namespace: 'shop', name: 'cart', port: 80 } }),
  );
  store.span(span({ attributes: { a: 1, b: 'c', d: true } }));
}

export function someFacts(over: Partial<Facts> = {}): Facts {
  const rates: Rates = {
    seconds: 60,
    connects: 1,
    requests: 0,
    sentBytes: 0,
    receivedBytes: 0,
    refused: 0,
    failed: 0,
    retries: 0,
    success: 1,
    p50Ms: 1,
    p90Ms: 2,
    p99Ms: undefined,
  };
  return {
    info: () => ({
      scope: 'node',
      node: 'node-1',
      version: '0.1.0',
      trustDomain: 'cluster.local',
      startedMs: 1,
      meshUrl: '',
    }),
    workloads: () => [
      {
        uid: 'Kubernetes//Pod/shop/cart-1',
        namespace: 'shop',
        name: 'cart-1',
        workload: 'cart',
        node: 'node-1',
        addresses: ['10.244.1.3'],
        identity: shop('cart').identity,
        protocol: 'HBONE',
        waypoint: '',
        enrolment: 'captured',
        certificate: { notBeforeMs: 1, notAfterMs: 2 },
        connections: 3,
        olderConnections: 0,
        cost: { cpuShare: 0.5, cpuCores: 0.01, memoryBytes: 4_096, bandwidthShare: 1 },
      },
    ],
    services: () => [
      {
        namespace: 'shop',
        name: 'cart',
        hostname: 'cart.shop.svc.cluster.local',
        addresses: ['10.96.0.11'],
        ports: [8080],
        endpoints: { healthy: 1, total: 2 },
        waypoint: 'shop/waypoint',
        inMesh: true,
      },
    ],
    connections: () => ({
      total: 1,
      connections: [
        {
          id: '1',
          pod: 'shop/cart-1',
          direction: 'inbound',
          source: shop('frontend'),
          sourceAddress: '10.244.1.2:4000',
          destination: shop('cart'),
          destinationAddress: '10.244.1.3:8080',
          service: undefined,
          tunnel: '10.244.1.3:15008',
          waypoint: '',
          openedMs: 1,
          sentBytes: 2,
          receivedBytes: 3,
        },
      ],
    }),
    certificates: () => [
      {
        kind: 'workload',
        name: shop('cart').identity,
        proxy: 'ztunnel/node-1',
        serial: '01',
        state: 'valid',
        notBeforeMs: 1,
        notAfterMs: 2,
        rotations: [{ atMs: 1, serial: '01', outcome: 'issued', error: '' }],
      },
    ],
    policies: () => [
      {
        namespace: 'shop',
        name: 'payments-from-cart',
        kind: 'AuthorizationPolicy',
        action: 'ALLOW',
        scope: 'app=payments',
        dryRun: false,
        allowed: 1,
        denied: 2,
        wouldDeny: 0,
        wouldAllow: 0,
        problem: '',
      },
    ],
    waypoints: () => [
      {
        namespace: 'shop',
        name: 'waypoint',
        ready: { pods: 1, total: 1 },
        serves: 'service',
        routes: [{ kind: 'HTTPRoute', namespace: 'shop', name: 'canary', service: 'cart', rule: '1', rates }],
        ejected: [{ backend: 'cart', endpoint: '10.244.1.3:8080', reason: '5 errors', untilMs: 1 }],
      },
    ],
    proxies: () => [
      {
        id: 'ztunnel/node-1',
        kind: 'ztunnel',
        node: 'node-1',
        version: '0.1.0',
        connectedMs: 1,
        state: 'current',
        reason: '',
        types: [{ typeUrl: 'a', sent: '1', acknowledged: '1', rejected: '', acknowledgedMs: 1 }],
        pushP50Ms: 1,
        pushP99Ms: undefined,
        dashboardUrl: '',
        lastReportMs: 1,
        clockAheadMs: 0,
      },
    ],
    ...over,
  };
}
