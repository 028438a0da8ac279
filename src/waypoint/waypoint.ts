// Long, but one thing: it gives the proxy its telemetry and its own ports, and decides nothing itself.
import { type Clock, type Closable, createClosableStack, systemClock } from '../base/index.ts';
import {
  createJournal,
  createObservationReporter,
  createProxyTelemetry,
  createRefusalTeller,
  createRejectionRecorder,
  failuresJournal,
  type HostPort,
  joinJournals,
  tracedJournal,
} from '../proxy/index.ts';
import {
  type AdminRoute,
  createAccessLog,
  createAdmissionMetrics,
  createAdminServer,
  createDecisionMetrics,
  createHttpMetrics,
  createLogger,
  createMetricsRegistry,
  createReadiness,
  createRequestLog,
  createTcpMetrics,
  createTunnelMetrics,
  createXdsMetrics,
  logLevelRoutes,
  type MeshLogger,
  metricsRoutes,
  NO_HTTP_METRICS,
  readinessRoute,
  registerCertificateMetrics,
  registerExportMetrics,
  registerProcessMetrics,
  registerRevocationMetrics,
} from '../telemetry/index.ts';
import { adminRoutes } from './admin/admin-routes.ts';
import { configDump, dumpRoutes } from './admin/config-dump.ts';
import { dumpEndpoints } from './admin/dump-endpoints.ts';
import type { WaypointConfig } from './config/index.ts';
import { WaypointError } from './errors.ts';
import { createRoutingMetrics } from './layers/routing-metrics.ts';
import {
  failedRequests,
  LATE_REFUSALS,
  observeWaypoint,
  VERDICTS,
  waypointState,
} from './observation/index.ts';
import { RESPONSE_FLAGS } from './response-flags.ts';
import { toAll, toLog } from './upstream/upstream-events.ts';
import { createUpstreamMetrics } from './upstream/upstream-metrics.ts';
import { createWaypointProxy } from './waypoint-proxy.ts';

/** What the process gives: where the log goes, and what ends it. */
export interface WaypointDeps {
  /** Takes whole lines of the log. */
  readonly logSink: { write(line: string): unknown; readonly dropped?: number };
  /** Of this program, for metrics and dumps. */
  readonly version: string;
  /** Asked for by `POST /quitquitquit`: the caller closes the waypoint and ends the process. */
  onQuit(): void;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/**
 * One replica of a waypoint. `close` is graceful: clients are told, requests and connections end by themselves or when the
 * drain time is over. `destroy` cuts everything at once.
 */
export interface Waypoint extends Closable {
  /** Resolves when its own ports listen and it follows the controller; readiness comes later. */
  start(): Promise<void>;
  /** Resolves when it takes tunnels; rejects when its port cannot be opened. */
  readonly ready: Promise<void>;
  readonly log: MeshLogger;
}

/** Nothing is opened before `start`. */
export function createWaypoint(config: WaypointConfig, deps: WaypointDeps): Waypoint {
  const { clock = systemClock, random = Math.random, version } = deps;
  const log = createLogger({
    level: config.logging.level,
    format: config.logging.format,
    stream: deps.logSink,
    clock,
  });
  const registry = createMetricsRegistry();
  const decisions = createDecisionMetrics(registry);
  const name = `waypoint/${config.gateway.split('/')[0]}/${config.pod}`;
  const observation = observeWaypoint({ gateway: config.gateway, proxy: name, clock });
  const recordRejection = createRejectionRecorder({
    reporter: 'waypoint',
    decisions,
    observer: observation.store,
    log,
    clock,
  });
  const telemetry = createProxyTelemetry(config.telemetry, {
    resource: {
      'service.name': 'nodemesh-waypoint',
      'service.version': version,
      'k8s.namespace.name': config.gateway.split('/', 1)[0] ?? '',
      'nodemesh.gateway': config.gateway,
    },
    sinks: [observation.store],
    clock,
    log,
    lines: deps.logSink,
  });
  registerExportMetrics(registry, () => telemetry.exported);
  const wholeJournal = tracedJournal(
    joinJournals(
      createJournal({
        metrics: createTcpMetrics({ registry }),
        decisions,
        accessLog: createAccessLog(telemetry.accessOutput, {
          rules: telemetry.accessRules,
          sinksOf: ({ service }) => proxy.telemetryOf(service).accessLogs,
        }),
        rulesOf: ({ service }) => proxy.telemetryOf(service).metrics,
        flags: RESPONSE_FLAGS,
        lateRefusals: LATE_REFUSALS,
        reporter: 'waypoint',
      }),
      observation.journal,
    ),
    { tracer: telemetry.tracer, clock },
  );
  const journal =
    config.telemetry.told === 'all' ? wholeJournal : failuresJournal(wholeJournal, LATE_REFUSALS);
  const proxy = createWaypointProxy(config, {
    version,
    journal,
    onDrained,
    refusals: createRefusalTeller({
      proxy: name,
      instance: observation.store.instance,
      verdicts: VERDICTS,
      details: config.refusalDetails,
    }),
    tunnels: createTunnelMetrics(registry),
    tracer: telemetry.tracer,
    rulesOf: telemetry.rulesOf,
    observeRequest:
      config.telemetry.told === 'all'
        ? observation.observeRequest
        : failedRequests(observation.observeRequest),
    onDryRun(outcome) {
      decisions.dryRun(outcome);
      observation.hits.dryRun(outcome);
    },
    onDecided: (verdict, { policy, unmatched }) => observation.hits.decided({ verdict, policy, unmatched }),
    requestLog: createRequestLog(
      telemetry.accessOutput,
      telemetry.accessRules,
      (service) => proxy.telemetryOf(service).accessLogs,
    ),
    httpMetrics: config.telemetry.told === 'all' ? createHttpMetrics({ registry }) : NO_HTTP_METRICS,
    decisions,
    routingMetrics: createRoutingMetrics(registry),
    admissionMetrics: (enforced) =>
      createAdmissionMetrics(registry, {
        rateLimitKeys: () => enforced().rateLimiter.keys,
        heldUpRequests: () => enforced().faults.active,
        runningFilters: () => enforced().filters.running,
        tokenKeys: () => enforced().keys.status(),
      }),
    upstreamEvents: (dump) => toAll([createUpstreamMetrics(registry, dump), toLog(log)]),
    clock,
    log,
    random,
    onTunnelRejected: (rejection) =>
      recordRejection(config.gateway, rejection, {
        namespace: proxy.self.namespace,
        workload: config.gateway.split('/')[1] ?? '',
        identity: '',
      }),
  });
  registerProcessMetrics({
    registry,
    component: 'waypoint',
    version,
    droppedLogLines: () => deps.logSink.dropped ?? 0,
  });
  registerCertificateMetrics(registry, {
    certificates: () =>
      proxy.svids.status().map((status) => ({ ...status, state: status.state.toLowerCase() })),
    renewals: () => proxy.svids.rotations,
  });
  registerRevocationMetrics(registry, () => proxy.svids.revocationPeriod?.untilMs);
  const xdsMetrics = createXdsMetrics(registry);

  const readiness = createReadiness();
  const isReady = readiness.waitFor('mesh view and routes');
  const ready = Promise.withResolvers<void>();
  const routes: Readonly<Record<'admin' | 'metrics' | 'readiness', readonly AdminRoute[]>> = {
    admin: [
      ...adminRoutes({
        configDump: () => configDump(proxy, { config, version }),
        routes: () => dumpRoutes(proxy),
        endpoints: () => dumpEndpoints(proxy),
        quit: deps.onQuit,
      }),
      ...logLevelRoutes(log),
    ],
    metrics: metricsRoutes(registry),
    readiness: [readinessRoute(readiness)],
  };
  const ports = createClosableStack();
  const listen = (name: keyof typeof routes): Promise<HostPort> => {
    const server = ports.own(createAdminServer({ routes: routes[name], log }));
    return server.listen(config[name]);
  };

  const reporter = createObservationReporter({
    proxy: name,
    version,
    store: observation.store,
    state: () => waypointState({ ...proxy, ...observation, name, clock }),
    send: proxy.reportObservations,
    clock,
    log,
    random,
  });

  async function onDrained(): Promise<void> {
    observation.journal.close();
    await reporter.close();
  }

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    readiness.waitFor('termination');
    log.info('closing', { connections: proxy.connections });
    const timer = clock.after(config.drainTimeoutMs, () => {
      void onDrained().finally(() => proxy.destroy(drainedOut()));
    });
    await proxy.close();
    timer.cancel();
    await ports.close();
    await telemetry.close();
    log.info('closed');
  }

  return {
    log,
    ready: ready.promise,
    async start() {
      await Promise.all([listen('admin'), listen('metrics'), listen('readiness')]);
      reporter.start();
      proxy.discovery.messages.subscribe(({ typeUrl, bytes }) => xdsMetrics.message(typeUrl, bytes));
      proxy.discovery.terminations.subscribe(({ reason }) => xdsMetrics.terminated(reason));
      proxy.start().then(() => {
        isReady();
        log.info('ready');
        ready.resolve();
      }, ready.reject);
      // Whoever does not wait for it still learns of it from the readiness that never comes.
      ready.promise.catch((error: unknown) => log.error('not taking tunnels', { error }));
    },
    close() {
      closing ??= close();
      return closing;
    },
    destroy(cause) {
      ports.destroy(cause);
      reporter.destroy(cause);
      proxy.destroy(cause);
      telemetry.destroy(cause);
      observation.journal.close();
    },
  };
}

function drainedOut(): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_DRAINED',
    blame: 'local',
    message: 'the waypoint closed before the request or connection had ended',
  });
}
