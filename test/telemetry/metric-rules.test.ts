import { test } from 'tap';
import type { MetricSettings } from '../../src/model/index.ts';
import {
  compileMetricRules,
  createHttpMetrics,
  createMetricsRegistry,
  createTcpMetrics,
  type Traffic,
} from '../../src/telemetry/index.ts';
import { makeService, makeWorkload } from '../model/mesh-fixtures.ts';

const traffic = (name: string, ...settings: readonly MetricSettings[]): Traffic => ({
  reporter: 'source',
  source: { workload: makeWorkload({ name }), identity: undefined },
  destination: { workload: makeWorkload({ name: 'cart' }), identity: undefined },
  service: makeService({ name: 'cart' }),
  mutualTls: true,
  rules: compileMetricRules(settings),
});
const BYTES = { sentBytes: 5, receivedBytes: 7 };

async function lines(
  registry: ReturnType<typeof createMetricsRegistry>,
  name: string,
): Promise<readonly string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));
}

test('a metric that is disabled is not counted for that traffic, others are', async (t) => {
  const registry = createMetricsRegistry();
  const tcp = createTcpMetrics({ registry });
  tcp.opened(traffic('a', { metric: 'TCP_SENT_BYTES', isDisabled: true, labels: [] })).close(BYTES);
  tcp.opened(traffic('b')).close(BYTES);
  t.equal((await lines(registry, 'istio_tcp_sent_bytes_total')).length, 1);
  t.equal((await lines(registry, 'istio_tcp_received_bytes_total')).length, 2);
});

test('labels are taken away and set, and what becomes equal is added up', async (t) => {
  const registry = createMetricsRegistry();
  const tcp = createTcpMetrics({ registry });
  const labels = [
    ...['source_workload', 'source_canonical_service', 'source_app'].map((label) => ({
      label,
      value: undefined,
    })),
    { label: 'team', value: 'blue "1"' },
  ];
  const change: MetricSettings = { metric: 'TCP_OPENED_CONNECTIONS', isDisabled: false, labels };
  for (const name of ['a', 'b']) tcp.opened(traffic(name, change)).close(BYTES);
  const opened = await lines(registry, 'istio_tcp_connections_opened_total');
  t.equal(opened.length, 1);
  t.match(opened[0], /team="blue \\"1\\""/);
  t.notMatch(opened[0], /source_workload=/);
  t.match(opened[0], / 2$/);
  t.equal(
    (await lines(registry, 'istio_tcp_connections_closed_total')).length,
    2,
    'other metrics keep theirs',
  );
});

test('rules that change make no series twice', async (t) => {
  const registry = createMetricsRegistry();
  const http = createHttpMetrics({ registry });
  const request = (rules: Traffic) =>
    http.ended({
      ...{ traffic: rules, protocol: 'http' as const, status: 200, grpcStatus: undefined },
      ...{ durationMs: 3, requestBytes: 10, responseBytes: 20 },
    });
  request(traffic('a'));
  request(traffic('a', { metric: 'REQUEST_SIZE', isDisabled: true, labels: [] }));
  const counted = await lines(registry, 'istio_requests_total');
  t.equal(counted.length, 1);
  t.match(counted[0], / 2$/);
  const durations = await lines(registry, 'istio_request_duration_milliseconds_count');
  t.equal(durations.length, 1);
  t.match(durations[0], / 2$/);
  t.match((await lines(registry, 'istio_request_bytes_count'))[0], / 1$/);
});
