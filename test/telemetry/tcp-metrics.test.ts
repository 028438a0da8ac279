import { test } from 'tap';
import { parseSpiffeId } from '../../src/model/index.ts';
import {
  createDecisionMetrics,
  createMetricsRegistry,
  createNodeMetrics,
  createTcpMetrics,
  createTunnelMetrics,
  createXdsMetrics,
  type MetricsRegistry,
  registerCertificateMetrics,
  type Traffic,
} from '../../src/telemetry/index.ts';
import { makeService, makeWorkload } from '../model/mesh-fixtures.ts';

const traffic: Traffic = {
  reporter: 'source',
  source: {
    workload: makeWorkload({ name: 'frontend', canonicalRevision: 'v1' }),
    identity: parseSpiffeId('spiffe://cluster.local/ns/shop/sa/frontend'),
  },
  destination: {
    workload: makeWorkload({ name: 'cart' }),
    identity: parseSpiffeId('spiffe://cluster.local/ns/shop/sa/cart'),
  },
  service: makeService({ name: 'cart' }),
  mutualTls: true,
};

async function value(
  registry: MetricsRegistry,
  name: string,
  labels: Record<string, string> = {},
): Promise<number> {
  const line = (await registry.metrics())
    .split('\n')
    .find(
      (each) =>
        (each.startsWith(`${name}{`) || each.startsWith(`${name} `)) &&
        Object.entries(labels).every(([key, text]) => each.includes(`${key}="${text}"`)),
    );
  return Number(line?.slice(line.lastIndexOf(' ') + 1) ?? Number.NaN);
}

test('connections with equal labels are one series whatever objects they are told with, and others are not', async (t) => {
  const registry = createMetricsRegistry();
  const metrics = createTcpMetrics({ registry });
  const again: Traffic = {
    ...traffic,
    source: { ...traffic.source, workload: makeWorkload({ name: 'frontend', canonicalRevision: 'v1' }) },
    service: makeService({ name: 'cart' }),
  };
  const other: Traffic = { ...traffic, mutualTls: false };
  for (const one of [traffic, again, traffic, other, again, other]) metrics.failed(one);
  const name = 'istio_tcp_connections_failed_total';
  t.equal(await value(registry, name, { connection_security_policy: 'mutual_tls' }), 4);
  t.equal(await value(registry, name, { connection_security_policy: 'unknown' }), 2);
  t.equal(await value(registry, 'nodemesh_traffic_series'), 2);
});

test('a connection is counted with every label that Istio’s dashboards know', async (t) => {
  const registry = createMetricsRegistry();
  createTcpMetrics({ registry }).opened(traffic).close({ sentBytes: 5, receivedBytes: 7 });
  const line = (await registry.metrics())
    .split('\n')
    .find((each) => each.startsWith('istio_tcp_connections_opened_total{'));
  t.equal(
    line,
    'istio_tcp_connections_opened_total{reporter="source",source_workload="frontend",source_canonical_service="frontend",' +
      'source_canonical_revision="v1",source_workload_namespace="shop",' +
      'source_principal="spiffe://cluster.local/ns/shop/sa/frontend",source_app="frontend",source_version="v1",' +
      'source_cluster="Kubernetes",destination_service="cart.shop.svc.cluster.local",' +
      'destination_service_namespace="shop",destination_service_name="cart",destination_workload="cart",' +
      'destination_canonical_service="cart",destination_canonical_revision="latest",' +
      'destination_workload_namespace="shop",destination_principal="spiffe://cluster.local/ns/shop/sa/cart",' +
      'destination_app="cart",destination_version="latest",destination_cluster="Kubernetes",request_protocol="tcp",' +
      'response_flags="-",connection_security_policy="mutual_tls"} 1',
  );
  t.equal(await value(registry, 'istio_tcp_sent_bytes_total'), 5);
  t.equal(await value(registry, 'istio_tcp_received_bytes_total'), 7);
  t.equal(await value(registry, 'istio_tcp_connections_closed_total'), 1);
});

test('pods of one deployment are one series, and what is not known is unknown', async (t) => {
  const registry = createMetricsRegistry();
  const metrics = createTcpMetrics({ registry });
  for (const name of ['a', 'b']) {
    const workload = makeWorkload({ name, workloadName: 'deploy', canonicalName: 'deploy' });
    metrics.opened({ ...traffic, source: { workload, identity: undefined } });
  }
  t.equal(
    await value(registry, 'istio_tcp_connections_opened_total', {
      source_workload: 'deploy',
      source_principal: 'unknown',
    }),
    2,
  );
  t.equal(await value(registry, 'nodemesh_traffic_series'), 1);
  const nobody = { workload: undefined, identity: undefined };
  metrics.failed({
    reporter: 'destination',
    source: nobody,
    destination: nobody,
    service: undefined,
    mutualTls: false,
    responseFlags: 'DENY',
  });
  t.equal(
    await value(registry, 'istio_tcp_connections_failed_total', {
      reporter: 'destination',
      source_workload: 'unknown',
      destination_service: 'unknown',
      response_flags: 'DENY',
      connection_security_policy: 'unknown',
    }),
    1,
  );
});

test('bytes of a connection show while it lives, and are counted once', async (t) => {
  const registry = createMetricsRegistry();
  let sentBytes = 10;
  const connection = createTcpMetrics({ registry }).opened(traffic, () => ({ sentBytes, receivedBytes: 1 }));
  t.equal(await value(registry, 'istio_tcp_sent_bytes_total'), 10);
  t.equal(await value(registry, 'istio_tcp_sockets_open', { reporter: 'source' }), 1);
  sentBytes = 25;
  t.equal(await value(registry, 'istio_tcp_sent_bytes_total'), 25);
  connection.close({ sentBytes: 30, receivedBytes: 2 });
  connection.close({ sentBytes: 99, receivedBytes: 99 });
  t.equal(await value(registry, 'istio_tcp_sent_bytes_total'), 30);
  t.equal(await value(registry, 'istio_tcp_received_bytes_total'), 2);
  t.equal(await value(registry, 'istio_tcp_connections_closed_total'), 1);
  t.equal(await value(registry, 'istio_tcp_sockets_open', { reporter: 'source' }), 0);
});

test('label sets are bounded: idle ones go first, then newcomers are counted as unknown', async (t) => {
  const registry = createMetricsRegistry();
  const metrics = createTcpMetrics({ registry, maximumSeries: 10 });
  const from = (n: number): Traffic => ({
    ...traffic,
    source: { workload: makeWorkload({ name: `w${n}` }), identity: undefined },
  });
  for (let n = 0; n < 100; n++) metrics.opened(from(n)).close({ sentBytes: 0, receivedBytes: 0 });
  t.ok((await value(registry, 'nodemesh_traffic_series')) <= 10);
  t.equal(await value(registry, 'istio_tcp_connections_opened_total', { source_workload: 'w99' }), 1);
  t.ok(Number.isNaN(await value(registry, 'istio_tcp_connections_opened_total', { source_workload: 'w1' })));
  const held = Array.from({ length: 30 }, (_, n) => metrics.opened(from(1000 + n)));
  t.ok((await value(registry, 'nodemesh_traffic_series')) <= 11);
  t.ok((await value(registry, 'nodemesh_traffic_series_lost_total')) >= 19);
  t.ok((await value(registry, 'istio_tcp_connections_opened_total', { source_workload: 'unknown' })) >= 19);
  t.equal(await value(registry, 'istio_tcp_sockets_open', { reporter: 'source' }), 30);
  for (const connection of held) connection.close({ sentBytes: 0, receivedBytes: 0 });
  t.equal(await value(registry, 'istio_tcp_sockets_open', { reporter: 'source' }), 0);
});

test('counting ten thousand connections among a few series takes no noticeable time', async (t) => {
  const metrics = createTcpMetrics({ registry: createMetricsRegistry() });
  const began = performance.now();
  for (let n = 0; n < 10_000; n++) metrics.opened(traffic).close({ sentBytes: 1, receivedBytes: 1 });
  t.ok(performance.now() - began < 10_000, 'a generous deadline');
});

test('peers that make up reasons and policies make no more series than so many', async (t) => {
  const registry = createMetricsRegistry();
  const decisions = createDecisionMetrics(registry);
  for (let index = 0; index < 5_000; index++)
    decisions.refused({ reporter: 'source', reason: 'ERR_ZTUNNEL_DENIED', policy: `made/up-${index}` });
  decisions.refused({ reporter: 'source', reason: 'ERR_ZTUNNEL_DENIED', policy: 'made/up-7' });
  const lines = (await registry.metrics())
    .split('\n')
    .filter((line) => line.startsWith('nodemesh_refusals_total{'));
  t.equal(lines.length, 1_001);
  t.ok(lines.some((line) => /reason="other",policy="other"\} 4000$/.test(line)));
  t.ok(lines.some((line) => /policy="made\/up-7"\} 2$/.test(line)));
});

test('refusals, dry runs, the control plane stream, enrolments and certificates are counted', async (t) => {
  const registry = createMetricsRegistry();
  const decisions = createDecisionMetrics(registry);
  decisions.refused({ reporter: 'destination', reason: 'ERR_ZTUNNEL_DENIED', policy: 'shop/deny' });
  decisions.refused({ reporter: 'source', reason: 'NO_ENDPOINT' });
  decisions.dryRun({ policy: 'shop/dry', verdict: 'deny', differs: true });
  t.equal(await value(registry, 'nodemesh_refusals_total', { policy: 'shop/deny' }), 1);
  t.equal(await value(registry, 'nodemesh_refusals_total', { reason: 'NO_ENDPOINT', policy: '' }), 1);
  t.equal(await value(registry, 'nodemesh_policy_dry_run_total', { differs: 'true', verdict: 'deny' }), 1);
  const xds = createXdsMetrics(registry);
  const node = createNodeMetrics({ registry, proxies: () => ({ active: 2, pending: 1 }) });
  xds.message('type.googleapis.com/istio.workload.Address', 100);
  xds.terminated('Reconnect');
  node.proxyStarted();
  node.proxyStopped();
  t.equal(
    await value(registry, 'istio_xds_message_bytes_total', {
      url: 'type.googleapis.com/istio.workload.Address',
    }),
    100,
  );
  t.equal(await value(registry, 'istio_xds_connection_terminations_total', { reason: 'Reconnect' }), 1);
  t.equal(await value(registry, 'workload_manager_active_proxy_count'), 2);
  t.equal(await value(registry, 'workload_manager_proxies_started_total'), 1);
  let held = [
    { identity: 'spiffe://td/ns/a/sa/a', state: 'available', notBeforeMs: 1000, notAfterMs: 5000 },
    {
      identity: 'spiffe://td/ns/a/sa/b',
      state: 'initializing',
      notBeforeMs: undefined,
      notAfterMs: undefined,
    },
  ];
  registerCertificateMetrics(registry, {
    certificates: () => held,
    renewals: () => ({ issued: 3, failed: 2 }),
  });
  t.equal(
    await value(registry, 'nodemesh_svid_not_before_seconds', { identity: 'spiffe://td/ns/a/sa/a' }),
    1,
  );
  t.equal(await value(registry, 'nodemesh_svid_renewals_total', { outcome: 'failed' }), 2);
  t.equal(await value(registry, 'nodemesh_svid_not_after_seconds', { identity: 'spiffe://td/ns/a/sa/a' }), 5);
  t.equal(await value(registry, 'nodemesh_svids', { state: 'initializing' }), 1);
  held = [];
  t.ok(Number.isNaN(await value(registry, 'nodemesh_svids', { state: 'available' })), 'forgotten ones go');
});

test('histograms that are only read at scrapes are rendered with what was observed', async (t) => {
  const registry = createMetricsRegistry();
  const tunnels = createTunnelMetrics(registry);
  const over = tunnels.opened(3);
  tunnels.opened(30);
  t.equal(await value(registry, 'nodemesh_tunnel_handshake_seconds_bucket', { le: '0.0025' }), 0);
  t.equal(await value(registry, 'nodemesh_tunnel_handshake_seconds_bucket', { le: '0.005' }), 1);
  t.equal(await value(registry, 'nodemesh_tunnel_handshake_seconds_bucket', { le: '+Inf' }), 2);
  t.equal(await value(registry, 'nodemesh_tunnel_handshake_seconds_count'), 2);
  over();
  t.equal(await value(registry, 'nodemesh_tunnel_sessions'), 1);
});
