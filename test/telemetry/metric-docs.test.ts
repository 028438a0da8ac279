import { readFileSync } from 'node:fs';
import { test } from 'tap';
import {
  createAdmissionMetrics,
  createDecisionMetrics,
  createHttpMetrics,
  createMetricsRegistry,
  createNodeMetrics,
  createTcpMetrics,
  createTunnelMetrics,
  createXdsMetrics,
  METRICS,
  type MetricDescription,
  registerCertificateMetrics,
  registerExportMetrics,
  registerProcessMetrics,
  registerRevocationMetrics,
  registerWorkloadMetrics,
} from '../../src/telemetry/index.ts';
import { REQUEST_LABELS, TRAFFIC_LABELS } from '../../src/telemetry/metrics/index.ts';
import { createRoutingMetrics } from '../../src/waypoint/layers/routing-metrics.ts';
import { createUpstreamMetrics } from '../../src/waypoint/upstream/upstream-metrics.ts';

/** The rows of the table in docs/metrics.md: name, type, labels, meaning. */
function documented(): Map<string, { type: string; labels: string; meaning: string }> {
  const text = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const rows = new Map<string, { type: string; labels: string; meaning: string }>();
  for (const line of text.split('\n')) {
    const [, name, type = '', labels = '', meaning = ''] =
      /^\| `([a-z0-9_]+)` \| (\w+) \| (.*?) \| (.*) \|$/.exec(line) ?? [];
    if (name !== undefined) rows.set(name, { type, labels, meaning });
  }
  return rows;
}

const metrics: readonly MetricDescription[] = Object.values(METRICS);

test('docs/metrics.md and the code name the same metrics, with the same type, labels and meaning', async (t) => {
  const rows = documented();
  t.same([...rows.keys()].sort(), metrics.map((metric) => metric.name).sort());
  for (const metric of metrics) {
    const isTraffic = metric.labels.length === TRAFFIC_LABELS.length;
    const isRequest = metric.labels.length === REQUEST_LABELS.length;
    const named = isTraffic ? '*traffic labels*' : isRequest ? '*request labels*' : undefined;
    const labels = named ?? metric.labels.map((label) => `\`${label}\``).join(', ');
    t.same(
      rows.get(metric.name),
      { type: metric.type, labels: labels || '–', meaning: metric.help },
      metric.name,
    );
  }
});

test('docs/metrics.md names every traffic and request label', async (t) => {
  const text = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  for (const label of REQUEST_LABELS) {
    const spelled =
      text.includes(`\`${label}\``) || text.includes(`\`${label.replace(/^(source|destination)_/, '')}\``);
    t.ok(spelled, label);
  }
});

test('no two metrics share a name', async (t) => {
  const names = metrics.map((metric) => metric.name);
  t.equal(new Set(names).size, names.length);
});

test('every metric of the table but the controller’s own is registered here', async (t) => {
  const registry = createMetricsRegistry();
  createTcpMetrics({ registry });
  createHttpMetrics({ registry });
  createDecisionMetrics(registry);
  createRoutingMetrics(registry);
  createUpstreamMetrics(registry, () => []);
  createXdsMetrics(registry);
  createAdmissionMetrics(registry, {
    rateLimitKeys: () => 0,
    heldUpRequests: () => 0,
    runningFilters: () => 0,
    tokenKeys: () => [],
  });
  createNodeMetrics({ registry, proxies: () => ({ active: 0, pending: 0 }) });
  registerRevocationMetrics(registry, () => undefined);
  registerWorkloadMetrics(registry, () => []);
  registerExportMetrics(registry, () => []);
  registerCertificateMetrics(registry, {
    certificates: () => [],
    renewals: () => ({ issued: 0, failed: 0 }),
  });
  createTunnelMetrics(registry);
  registerProcessMetrics({ registry, component: 'ztunnel', version: '1', droppedLogLines: () => 0 });
  const registered = registry.getMetricsAsArray().map((metric) => metric.name);
  const ours = metrics
    .map((metric) => metric.name)
    .filter((name) => !name.startsWith('nodemesh_controller_'));
  t.same(registered.sort(), ours.sort());
});

test('a process tells what runs and what it uses', async (t) => {
  const registry = createMetricsRegistry();
  registerProcessMetrics({ registry, component: 'ztunnel', version: '1.2.3', droppedLogLines: () => 7 });
  const text = await registry.metrics();
  t.match(text, /^istio_build\{component="ztunnel",tag="1.2.3"\} 1$/m);
  t.match(text, /^process_open_fds [1-9]\d*$/m);
  t.match(text, /^process_max_fds [1-9]\d*$/m);
  t.match(text, /^process_resident_memory_bytes [1-9]\d{6,}$/m);
  t.match(text, /^nodemesh_log_lines_dropped_total 7$/m);
  const cpu = (rendered: string): number => Number(/^process_cpu_seconds_total (\S+)$/m.exec(rendered)?.[1]);
  t.ok(cpu(text) > 0);
  t.ok(cpu(await registry.metrics()) < cpu(text) * 2, 'processor time is read, not added up at each scrape');
});
