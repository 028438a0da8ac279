import { openSync } from 'node:fs';
import { systemClock } from '../../src/base/index.ts';
import { gatewayKey } from '../../src/model/index.ts';
import {
  beginRecord,
  type ConnectionDetails,
  type ConnectionJournal,
  createJournal,
  joinJournals,
  tracedJournal,
} from '../../src/proxy/index.ts';
import {
  createAccessLog,
  createDecisionMetrics,
  createHttpMetrics,
  createLogger,
  createMetricsRegistry,
  createRequestLog,
  createTcpMetrics,
  createTracer,
  logOutput,
  openLogSink,
} from '../../src/telemetry/index.ts';
import { accessLogLayer } from '../../src/waypoint/layers/observation/access-log.ts';
import { metricsLayer } from '../../src/waypoint/layers/observation/metrics.ts';
import { observedLayer } from '../../src/waypoint/layers/observation/observed.ts';
import { tracingLayer } from '../../src/waypoint/layers/observation/tracing.ts';
import { tryTracingLayer } from '../../src/waypoint/layers/observation/try-tracing.ts';
import { observeWaypoint } from '../../src/waypoint/observation/index.ts';
import type { Layer } from '../../src/waypoint/request/layer.ts';
import { observeNode } from '../../src/ztunnel/observation/index.ts';
import { LATE_REFUSALS, RESPONSE_FLAGS } from '../../src/ztunnel/response-flags.ts';
import { median } from '../macro/median.ts';
import { ip, makeService, makeWorkload } from '../../test/model/mesh-fixtures.ts';
import { makeContext, makeRequest, makeResponse } from '../../test/waypoint/request-fixtures.ts';

/**
 * What each part of telemetry takes of a request at a waypoint and of a connection at a ztunnel, by itself and without a
 * kernel: microseconds of processor time, those of an empty path (`nothing`) among them, median of rounds that take turns.
 * Lines of logs are written to /dev/null.
 * Usage: node bench/micro/telemetry.ts [word in the name of a part]
 */
const ROUNDS = 15;
const PER_ROUND = 20_000;

const CLIENT = makeWorkload({ name: 'web-7c9f', workloadName: 'web', tunnelProtocol: 'hbone' });
const SERVER = makeWorkload({ name: 'echo-5d4b', workloadName: 'echo', tunnelProtocol: 'hbone' });
const SERVICE = makeService({ name: 'echo' });
const REQUEST = makeRequest({
  authority: 'echo.shop.svc.cluster.local:9080',
  target: '/bench/route?x=1',
  headers: { host: 'echo.shop.svc.cluster.local:9080', accept: '*/*', 'user-agent': 'h2load nghttp2/1.52.0' },
});
const CONTEXT = makeContext({ service: SERVICE, port: 9080 });

const registry = createMetricsRegistry();
const decisions = createDecisionMetrics(registry);
const log = createLogger({ stream: openLogSink({ fd: openSync('/dev/null', 'w') }) });
const waypoint = observeWaypoint({
  gateway: gatewayKey('shop', 'waypoint'),
  proxy: 'waypoint/shop/waypoint-0',
  clock: systemClock,
});
const node = observeNode({ node: 'node-1', registry, clock: systemClock });
const rare = createTracer({ ratio: 0.01, sinks: [waypoint.store] });
const never = createTracer({ ratio: 0, sinks: [] });

const metrics = metricsLayer({ http: createHttpMetrics({ registry }), decisions });
const observed = observedLayer(waypoint.observeRequest);
const logged = accessLogLayer(createRequestLog(logOutput(log)));
const silent = accessLogLayer(createRequestLog({ isEnabled: () => false, write: () => undefined }));
const traced = (tracer: typeof rare): readonly Layer[] => [
  tracingLayer({ tracer, clock: systemClock }),
  tryTracingLayer({ tracer, clock: systemClock }),
];

const tcpMetrics = createTcpMetrics({ registry });
const journalWith = (outputs: Parameters<typeof createAccessLog>[0]): ConnectionJournal =>
  createJournal({
    metrics: tcpMetrics,
    decisions,
    accessLog: createAccessLog(outputs),
    flags: RESPONSE_FLAGS,
    lateRefusals: LATE_REFUSALS,
  });
const noLog = { isEnabled: () => false, write: () => undefined };
const nobody: ConnectionJournal = { opened: () => ({ closed: () => undefined }), failed: () => undefined };

/** Each does its work `PER_ROUND` times. */
const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  'request: nothing': () => requests([]),
  'request: access log': () => requests([logged]),
  'request: access log, off': () => requests([silent]),
  'request: metrics': () => requests([metrics]),
  'request: observation': () => requests([observed]),
  'request: trace context passed on': () => requests(traced(never)),
  'request: traces, 1 %': () => requests(traced(rare)),
  'request: all': () => requests([logged, metrics, observed, ...traced(rare)]),
  'connection: nothing': () => connections(nobody),
  'connection: metrics': () => connections(journalWith(noLog)),
  'connection: metrics, access log': () => connections(journalWith(logOutput(log))),
  'connection: observation': () => connections(node.journal),
  'connection: all': () =>
    connections(
      tracedJournal(joinJournals(journalWith(logOutput(log)), node.journal), {
        tracer: rare,
        clock: systemClock,
      }),
    ),
};

/** As `handleExchange` does it. */
async function requests(layers: readonly Layer[]): Promise<void> {
  const handler = layers.reduceRight(
    (next, layer) => layer(next),
    async (_request: typeof REQUEST, { record }: typeof CONTEXT) => {
      record.upstream = SERVER;
      record.backendService = SERVICE;
      record.attempts = 1;
      return makeResponse();
    },
  );
  for (let done = 0; done < PER_ROUND; done++) {
    const listeners: (() => void)[] = [];
    const record = { ...CONTEXT.record, status: 200, responseBytes: 1024 };
    const client = { ...CONTEXT.client, workload: CLIENT };
    await handler(REQUEST, { ...CONTEXT, client, record, onEnd: (listener) => listeners.push(listener) });
    record.durationMs = 1.3;
    for (const listener of listeners) listener();
    await othersTurn(done);
  }
}

async function connections(journal: ConnectionJournal): Promise<void> {
  for (let done = 0; done < PER_ROUND; done++) {
    const details: ConnectionDetails = {
      direction: 'outbound',
      protocol: 'HBONE',
      source: { address: ip('10.244.1.2'), port: 40_000 + (done % 20_000) },
      sourceWorkload: CLIENT,
      sourceIdentity: CONTEXT.client.identity,
      dialled: '10.96.0.11:8080',
      destination: { address: ip('10.244.2.3'), port: 8080 },
      tunnel: { address: ip('10.244.2.3'), port: 15008 },
      destinationWorkload: SERVER,
      destinationIdentity: CONTEXT.client.identity,
      service: SERVICE,
      servicePort: 8080,
      trace: rare.begin(undefined),
    };
    const record = beginRecord(journal, performance.now.bind(performance), details);
    record.opened(() => ({ bytesSent: 1024, bytesReceived: 1024 }));
    record.ended({ bytesSent: 1024, bytesReceived: 1024, error: undefined });
    await othersTurn(done);
  }
}

/** The log's sink writes when nothing else is to be done. */
function othersTurn(done: number): Promise<void> | undefined {
  return done % 100 === 0 ? new Promise((settle) => setImmediate(settle)) : undefined;
}

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

const word = process.argv[2] ?? '';
const chosen = Object.entries(PARTS).filter(([name]) => name.includes(word));
const taken = new Map(chosen.map(([name]) => [name, [] as number[]]));
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, run] of chosen) {
    const before = cpuMicroseconds();
    await run();
    // The first round only warms up.
    if (round > 0) taken.get(name)?.push((cpuMicroseconds() - before) / PER_ROUND);
  }
}
console.table(
  Object.fromEntries(chosen.map(([name]) => [name, { 'µs each': median(taken.get(name) ?? []).toFixed(2) }])),
);
waypoint.journal.close();
node.journal.close();
