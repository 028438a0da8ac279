import { createServer } from 'node:http';
import { test } from 'tap';
import { createMetricsRegistry } from '../../../src/telemetry/index.ts';
import { DEFAULT_TRAFFIC_SETTINGS } from '../../../src/waypoint/traffic/default-settings.ts';
import type { BackendDump } from '../../../src/waypoint/upstream/endpoint-dump.ts';
import { createUpstreamMetrics } from '../../../src/waypoint/upstream/upstream-metrics.ts';
import { keyOf } from '../../model/mesh-fixtures.ts';
import { withUpstreams } from '../support/upstream-world.ts';

test('what happens at a backend is counted, and goes with its service', async (t) => {
  const registry = createMetricsRegistry();
  let dump: () => readonly BackendDump[] = () => [];
  const events = createUpstreamMetrics(registry, () => dump());
  const settings = {
    outliers: { ...DEFAULT_TRAFFIC_SETTINGS.outliers, consecutiveGatewayErrors: 1 },
    limits: { ...DEFAULT_TRAFFIC_SETTINGS.limits, maximumActiveRetries: 0 },
  };
  await withUpstreams({ settings, events }, async (world) => {
    dump = () => world.upstreams.dump();
    const server = createServer();
    await world.addEndpoint('cart-1', server);
    await new Promise((resolve) => server.close(resolve));
    await t.rejects(world.get());
    await t.rejects(world.get({ context: { attempt: 2 } }), { code: 'ERR_WAYPOINT_OVERFLOW' });
    const text = await registry.metrics();
    for (const line of [
      'nodemesh_upstream_ejections_total{backend="shop/cart:80",reason="consecutive-gateway-errors",outcome="ejected"} 1',
      'nodemesh_upstream_connect_failures_total{backend="shop/cart:80"} 1',
      'nodemesh_upstream_overflows_total{backend="shop/cart:80",reason="active-retries"} 1',
      'nodemesh_upstream_endpoints{backend="shop/cart:80",health="consecutive-gateway-errors"} 1',
      'nodemesh_upstream_connections{backend="shop/cart:80"} 0',
      'nodemesh_upstream_active_requests{backend="shop/cart:80"} 0',
      'nodemesh_upstream_pending_requests{backend="shop/cart:80"} 0',
    ])
      t.ok(text.includes(line), line);
    world.view.apply({ removedAddresses: [keyOf(world.service)] });
    t.notOk((await registry.metrics()).includes('shop/cart:80'));
  });
});

test('pods that are dialled by their own address share a series, however many ports are tried', async (t) => {
  const registry = createMetricsRegistry();
  const events = createUpstreamMetrics(registry, () => []);
  for (let port = 1; port <= 1_000; port++) {
    events.overflowed({ backend: `pod shop/cart-1:${port}`, reason: 'connections' });
    events.dropped({ backend: `pod shop/cart-1:${port}` });
  }
  const text = await registry.metrics();
  t.match(text, /^nodemesh_upstream_overflows_total\{backend="pods",reason="connections"\} 1000$/m);
  t.equal(text.match(/^nodemesh_upstream_overflows_total\{/gm)?.length, 1);
});
