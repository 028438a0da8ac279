import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'tap';
import {
  createHttpMetrics,
  createMetricsRegistry,
  createObservationStore,
  createTcpMetrics,
  type MetricsRegistry,
  type Traffic,
} from '../../src/telemetry/index.ts';
import { makeService, makeWorkload } from '../model/mesh-fixtures.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const MINUTE_MS = 60_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** In bytes, without what nobody holds any more. */
function heldHeap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const service = makeService({ name: 'cart' });
const cart = { workload: makeWorkload({ name: 'cart' }), identity: undefined };

function from(name: string): Traffic {
  const source = { workload: makeWorkload({ name, workloadName: name }), identity: undefined };
  return { reporter: 'source', source, destination: cart, service, mutualTls: true };
}

async function seriesOf(registry: MetricsRegistry, name: string): Promise<number> {
  const text = await registry.getSingleMetricAsString(name);
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}

test('the series of a workload that is gone expire, those of open connections stay', async (t) => {
  const registry = createMetricsRegistry();
  const clock = createFakeClock();
  const tcp = createTcpMetrics({ registry, clock, idleMs: 15 * MINUTE_MS });
  const http = createHttpMetrics({ registry, clock, idleMs: 15 * MINUTE_MS });
  const request = { protocol: 'http', status: 200, grpcStatus: undefined, durationMs: 1 } as const;
  const open = tcp.opened(from('stays'));
  tcp.opened(from('leaves')).close({ sentBytes: 1, receivedBytes: 1 });
  http.ended({ ...request, traffic: from('leaves'), requestBytes: 0, responseBytes: 0 });
  await clock.advance(14 * MINUTE_MS);
  t.equal(await seriesOf(registry, 'istio_tcp_connections_opened_total'), 2);
  t.equal(await seriesOf(registry, 'istio_requests_total'), 1);
  await clock.advance(2 * MINUTE_MS);
  t.equal(await seriesOf(registry, 'istio_tcp_connections_opened_total'), 1);
  t.equal(await seriesOf(registry, 'istio_requests_total'), 0);
  open.close({ sentBytes: 1, receivedBytes: 1 });
  t.equal(await seriesOf(registry, 'istio_tcp_connections_closed_total'), 1, 'its end is seen');
});

test('a day in which a hundred thousand workloads come and go leaves bounded series and memory', {
  timeout: 300_000,
}, async (t) => {
  const registry = createMetricsRegistry();
  const clock = createFakeClock();
  const tcp = createTcpMetrics({ registry, clock });
  const http = createHttpMetrics({ registry, clock });
  const store = createObservationStore({ proxy: 'ztunnel/node-1', clock });
  const minutes = 24 * 60;
  const perMinute = Math.ceil(100_000 / minutes);
  let most = 0;
  let heapAfterAnHour = 0;
  let born = 0;
  for (let minute = 0; minute < minutes; minute++) {
    for (let count = 0; count < perMinute; count++) {
      const name = `job-${++born}`;
      const traffic = from(name);
      tcp.opened(traffic).close({ sentBytes: 100, receivedBytes: 100 });
      http.ended({
        traffic,
        protocol: 'http',
        status: 200,
        grpcStatus: undefined,
        durationMs: 3,
        requestBytes: 10,
        responseBytes: 100,
      });
      const source = { namespace: 'shop', workload: name, identity: '' };
      const destination = { namespace: 'shop', workload: 'cart', identity: '' };
      store.count(
        {
          reporter: 'source',
          source,
          destination,
          service: { namespace: 'shop', name: 'cart', port: 80 },
          protocol: 'http',
          mutualTls: true,
          waypoint: '',
        },
        { requests: 1, status: 200, tookMs: 3, sentBytes: 100 },
      );
    }
    await clock.advance(MINUTE_MS);
    if (minute % 15 === 0) most = Math.max(most, await seriesOf(registry, 'istio_requests_total'));
    if (minute === 60) heapAfterAnHour = heldHeap();
  }
  t.ok(born >= 100_000);
  t.ok(most <= 16 * perMinute, `at most ${most} series at once, of ${born} workloads`);
  const gained = (heldHeap() - heapAfterAnHour) / 2 ** 20;
  t.ok(gained < 32, `${gained.toFixed(1)} MiB more than after the first hour`);
});
