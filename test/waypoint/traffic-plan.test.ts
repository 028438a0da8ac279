import { test } from 'tap';
import {
  type Attachment,
  type BackendTarget,
  gatewayKey,
  type HttpRoute,
  NO_TRAFFIC_OVERRIDES,
  routeKey,
  serviceKey,
  type TrafficOverrides,
  type TrafficPolicy,
  type TrafficPolicyKind,
  trafficPolicyKey,
} from '../../src/model/index.ts';
import type { RouteSelection } from '../../src/waypoint/routing/route-selection.ts';
import { DEFAULT_TRAFFIC_SETTINGS } from '../../src/waypoint/traffic/default-settings.ts';
import { indexTraffic } from '../../src/waypoint/traffic/traffic-index.ts';
import { compileTraffic } from '../../src/waypoint/traffic/traffic-plan.ts';

const gateway = gatewayKey('shop', 'waypoint');
const cart = serviceKey('shop', 'cart.shop.svc.cluster.local');
const cartV2 = serviceKey('shop', 'cart-v2.shop.svc.cluster.local');
const route = routeKey('HTTPRoute', 'shop', 'cart');
const toCart: BackendTarget = { kind: 'service', service: cart, port: 80 };
const toV2: BackendTarget = { kind: 'service', service: cartV2, port: 80 };
const byDefault: RouteSelection = { kind: 'default' };

test('without a policy the defaults hold, and the same question gets the same object', async (t) => {
  const plan = compileTraffic(indexTraffic([]), target());
  t.equal(plan.settingsFor(byDefault, toCart), DEFAULT_TRAFFIC_SETTINGS);
  const other = compileTraffic(indexTraffic([policy('a', [onService(cart)], limits(5))]), target());
  t.equal(other.settingsFor(byDefault, toCart), other.settingsFor(byDefault, { ...toCart }));
});

test('the narrower policy wins value by value', async (t) => {
  const policies = [
    policy('gateway', [{ kind: 'gateway', gateway }], limits(1, 1, 1)),
    policy('service', [onService(cart)], limits(2, 2)),
    policy('port', [onService(cart, 80)], limits(3)),
  ];
  const plan = compileTraffic(indexTraffic(policies), target());
  t.match(plan.settingsFor(byDefault, toCart).limits, {
    maximumConnections: 3,
    maximumPendingRequests: 2,
    maximumActiveRequests: 1,
    maximumPendingMs: DEFAULT_TRAFFIC_SETTINGS.limits.maximumPendingMs,
  });
  t.match(plan.settingsFor(byDefault, undefined).limits, { maximumConnections: 1 });
});

test('a route beats services, and one of its rules beats it', async (t) => {
  const policies = [
    policy('service', [onService(cart)], timeouts(1)),
    policy('route', [{ kind: 'route', route, rule: undefined }], timeouts(2)),
    policy('rule', [{ kind: 'route', route, rule: 'slow' }], timeouts(3)),
  ];
  const plan = compileTraffic(indexTraffic(policies), target());
  t.equal(plan.settingsFor(byDefault, toCart).timeouts.requestMs, 1);
  t.equal(plan.settingsFor(byRule(''), toCart).timeouts.requestMs, 2);
  t.equal(plan.settingsFor(byRule('slow'), toCart).timeouts.requestMs, 3);
});

test('the service that was dialled speaks for requests that go elsewhere, not for the endpoints there', async (t) => {
  const said: TrafficOverrides = { ...timeouts(7), limits: limits(4).limits };
  const plan = compileTraffic(indexTraffic([policy('service', [onService(cart)], said)]), target());
  const settings = plan.settingsFor(byDefault, toV2);
  t.equal(settings.timeouts.requestMs, 7);
  t.equal(settings.limits.maximumConnections, DEFAULT_TRAFFIC_SETTINGS.limits.maximumConnections);
});

test('the route of a consumer speaks for its requests, and for endpoints only where they are its own', async (t) => {
  const said: TrafficOverrides = {
    ...limits(4),
    timeouts: { ...timeouts(7).timeouts, connectMs: 1 },
    retryBudget: budget(100),
    outliers: { ...NO_TRAFFIC_OVERRIDES.outliers, consecutive5xxErrors: 1, maximumEjectedPercent: 100 },
  };
  const policies = [policy('route', [{ kind: 'route', route, rule: undefined }], said)];
  const plan = compileTraffic(indexTraffic(policies), target());
  const own = serviceKey('elsewhere', 'own.elsewhere.svc.cluster.local');
  const { timeouts: defaultTimeouts, ...rest } = DEFAULT_TRAFFIC_SETTINGS;
  t.same(plan.settingsFor(byRule('', 'elsewhere'), toCart), {
    ...rest,
    timeouts: { ...defaultTimeouts, requestMs: 7 },
  });
  for (const settings of [
    plan.settingsFor(byRule(''), toCart),
    plan.settingsFor(byRule('', 'elsewhere'), { ...toCart, service: own }),
  ]) {
    t.match(settings, { limits: { maximumConnections: 4 }, retryBudget: { percent: 100 } });
    t.match(settings, { timeouts: { connectMs: 1 }, outliers: { maximumEjectedPercent: 100 } });
  }
});

test('of two policies for one service the oldest counts, and kinds stand beside one another', async (t) => {
  const policies = [
    policy('young', [onService(cart)], limits(1), { createdMs: 20 }),
    policy('old', [onService(cart)], limits(2), { createdMs: 10 }),
    policy(
      'x',
      [onService(cart)],
      { ...limits(3), retryBudget: budget(50) },
      {
        createdMs: 1,
        kind: 'XBackendTrafficPolicy',
      },
    ),
  ];
  const settings = compileTraffic(indexTraffic(policies), target()).settingsFor(byDefault, toCart);
  t.equal(settings.limits.maximumConnections, 2);
  t.equal(settings.retryBudget.percent, 50);
  t.equal(settings.retryBudget.intervalMs, DEFAULT_TRAFFIC_SETTINGS.retryBudget.intervalMs);
});

function target() {
  return { gateway, service: { key: cart, port: 80 } };
}

function onService(service: typeof cart, port?: number): Attachment {
  return { kind: 'service', service, port };
}

function byRule(name: string, namespace = 'shop'): RouteSelection {
  const rule = { name, matches: [], filters: [], backends: [] };
  const httpRoute = { key: route, namespace, kind: 'HTTPRoute' } as unknown as HttpRoute;
  return { kind: 'rule', route: httpRoute, rule, match: {} } as unknown as RouteSelection;
}

function limits(connections?: number, pending?: number, active?: number): TrafficOverrides {
  return {
    ...NO_TRAFFIC_OVERRIDES,
    limits: {
      ...NO_TRAFFIC_OVERRIDES.limits,
      maximumConnections: connections,
      maximumPendingRequests: pending,
      maximumActiveRequests: active,
    },
  };
}

function timeouts(requestMs: number): TrafficOverrides {
  return { ...NO_TRAFFIC_OVERRIDES, timeouts: { ...NO_TRAFFIC_OVERRIDES.timeouts, requestMs } };
}

function budget(percent: number): TrafficOverrides['retryBudget'] {
  return { ...NO_TRAFFIC_OVERRIDES.retryBudget, percent };
}

function policy(
  name: string,
  attachments: readonly Attachment[],
  overrides: TrafficOverrides,
  more: { readonly createdMs?: number; readonly kind?: TrafficPolicyKind } = {},
): TrafficPolicy {
  const { kind = 'TrafficPolicy', createdMs = 0 } = more;
  return {
    kind,
    key: trafficPolicyKey(kind, 'shop', name),
    namespace: 'shop',
    name,
    createdMs,
    attachments,
    overrides,
  };
}
