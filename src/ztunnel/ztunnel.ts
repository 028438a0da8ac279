// Long, but one thing: it gives the proxy its telemetry and its own ports, and decides nothing itself.
import { type Clock, type Closable, createClosableStack, systemClock } from '../base/index.ts';
import { openListener } from '../net/index.ts';
import {
  type AdminRoute,
  createAccessLog,
  createAdminServer,
  createDecisionMetrics,
  createLogger,
  createMetricsRegistry,
  createNodeMetrics,
  createReadiness,
  createTcpMetrics,
  createTunnelMetrics,
  createXdsMetrics,
  logLevelRoutes,
  type MeshLogger,
  metricsRoutes,
  ownWorkload,
  proxyStateOf,
  readinessRoute,
  registerCertificateMetrics,
  registerExportMetrics,
  registerProcessMetrics,
  registerRevocationMetrics,
} from '../telemetry/index.ts';
import { adminRoutes, configDump } from './admin/index.ts';
import {
  createJournal,
  createObservationReporter,
  createRejectionRecorder,
  createProxyTelemetry,
  createRefusalTeller,
  failuresJournal,
  type HostPort,
  type TelemetryRules,
  joinJournals,
  tracedJournal,
} from '../proxy/index.ts';
import type { ZtunnelConfig } from './config/index.ts';
import { parseIpAddress } from '../model/index.ts';
import { createNodeProxy } from './node-proxy.ts';
import { createNodeDashboard, createNodeFacts, decisionListeners, observeNode } from './observation/index.ts';
import { LATE_REFUSALS, RESPONSE_FLAGS, VERDICTS } from './response-flags.ts';

/** What the process gives: where the log goes, and what ends it. */
export interface ZtunnelDeps {
  /** Takes whole lines of the log. */
  readonly logSink: { write(line: string): unknown; readonly dropped?: number };
  /** Of this program, for metrics and dumps. */
  readonly version: string;
  /** Asked for by `POST /quitquitquit`: the caller closes the proxy and ends the process. */
  onQuit(): void;
  /** Where the built pages of the dashboard are; without it there is the API alone. */
  readonly dashboardPages?: string | undefined;
  readonly clock?: Clock;
  readonly random?: () => number;
}

type OwnPort = 'admin' | 'metrics' | 'readiness';

/** Where the proxy's own ports are; of interest where port 0 was asked for. */
export interface ZtunnelAddresses {
  readonly admin: HostPort;
  readonly metrics: HostPort;
  readonly readiness: HostPort;
  /** Undefined: not served. */
  readonly dashboard: HostPort | undefined;
}

/**
 * The node proxy. `close` is graceful: its ports and listeners close, peers are told, connections live on until they
 * end or the drain time is over; redirection rules stay, for the next process. `destroy` resets everything at once.
 */
export interface Ztunnel extends Closable {
  /** Resolves when its own ports listen and it follows the controller; readiness comes later. */
  start(): Promise<ZtunnelAddresses>;
  /** Resolves when it is ready for work. */
  readonly ready: Promise<void>;
  readonly log: MeshLogger;
}

/** Nothing is opened before `start`. */
export function createZtunnel(config: ZtunnelConfig, deps: ZtunnelDeps): Ztunnel {
  const clock = deps.clock ?? systemClock;
  const random = deps.random ?? Math.random;
  const log = createLogger({
    level: config.logging.level,
    format: config.logging.format,
    stream: deps.logSink,
    clock,
  });
  const registry = createMetricsRegistry();
  const decisions = createDecisionMetrics(registry);
  const observation = observeNode({ node: config.node, registry, clock });
  const recordRejection = createRejectionRecorder({
    reporter: 'destination',
    decisions,
    observer: observation.store,
    log,
    clock,
  });
  const telemetry = createProxyTelemetry(config.telemetry, {
    resource: {
      'service.name': 'nodemesh-ztunnel',
      'service.version': deps.version,
      'service.instance.id': `ztunnel/${config.node}`,
      'k8s.node.name': config.node,
    },
    sinks: [observation.store],
    clock,
    log,
    lines: deps.logSink,
  });
  registerExportMetrics(registry, () => telemetry.exported);
  /** Of the pod whose side of the connection this node is on. */
  const rulesOf = (connection: Parameters<typeof ownWorkload>[0]): TelemetryRules => {
    const workload = ownWorkload(connection);
    const settings = workload && proxy.telemetryOf(workload.uid);
    return telemetry.rulesOf(connection.direction === 'outbound' ? settings?.client : settings?.server);
  };
  const wholeJournal = tracedJournal(
    joinJournals(
      createJournal({
        metrics: createTcpMetrics({ registry }),
        decisions,
        accessLog: createAccessLog(telemetry.accessOutput, {
          rules: telemetry.accessRules,
          scopeOf: ({ uid }) => proxy.accessLogOf(uid),
          sinksOf: (record) => rulesOf(record).accessLogs,
        }),
        rulesOf: (details) => rulesOf(details).metrics,
        flags: RESPONSE_FLAGS,
        lateRefusals: LATE_REFUSALS,
      }),
      observation.journal,
    ),
    { tracer: telemetry.tracer, clock },
  );
  const journal =
    config.telemetry.told === 'all' ? wholeJournal : failuresJournal(wholeJournal, LATE_REFUSALS);
  const proxy = createNodeProxy(config, {
    version: deps.version,
    journal,
    refusals: createRefusalTeller({
      proxy: `ztunnel/${config.node}`,
      instance: observation.store.instance,
      verdicts: VERDICTS,
      details: config.refusalDetails,
    }),
    tunnels: createTunnelMetrics(registry),
    tracer: telemetry.tracer,
    rulesOf: telemetry.rulesOf,
    clock,
    log,
    random,
    async onDrained() {
      observation.journal.close();
      await reporter.close();
    },
    onTunnelRejected: (pod, rejection) =>
      recordRejection(pod.uid, rejection, {
        namespace: pod.namespace,
        workload: proxy.view.workload(pod.uid)?.workloadName ?? pod.name,
        identity: pod.identity.id,
      }),
    ...decisionListeners({ decisions, hits: observation.hits, log }),
    onCniCall: (command, outcome) => nodeMetrics.cniCall(command, outcome),
  });
  registerProcessMetrics({
    registry,
    component: 'ztunnel',
    version: deps.version,
    droppedLogLines: () => deps.logSink.dropped ?? 0,
  });
  registerCertificateMetrics(registry, {
    certificates: () =>
      proxy.svids.status().map((status) => ({ ...status, state: status.state.toLowerCase() })),
    renewals: () => proxy.svids.rotations,
  });
  registerRevocationMetrics(registry, () => proxy.svids.revocationPeriod?.untilMs);
  const xdsMetrics = createXdsMetrics(registry);
  const nodeMetrics = createNodeMetrics({
    registry,
    proxies() {
      const pods = proxy.pods();
      const active = pods.filter(({ state }) => state.kind === 'captured').length;
      return { active, pending: pods.length - active };
    },
  });

  const readiness = createReadiness();
  const isReady = readiness.waitFor('mesh view and enrolment');
  const ready = proxy.ready.then(() => {
    isReady();
    log.info('ready');
  });

  const routes: Readonly<Record<OwnPort, readonly AdminRoute[]>> = {
    admin: [
      ...adminRoutes({
        configDump: () =>
          configDump({
            view: proxy.view,
            pods: proxy.pods(),
            certificates: proxy.svids.status(),
            version: { version: deps.version, node: process.version },
            config: { ...config },
          }),
        quit: deps.onQuit,
      }),
      ...logLevelRoutes(log),
    ],
    metrics: metricsRoutes(registry),
    readiness: [readinessRoute(readiness)],
  };
  const ports = createClosableStack();
  const facts = createNodeFacts({
    node: config.node,
    version: deps.version,
    trustDomain: config.mesh.trustDomain,
    startedMs: clock.now(),
    meshUrl: () => reporter.meshDashboardUrl,
    view: proxy.view,
    svids: proxy.svids,
    pods: proxy.pods,
    ledger: observation.ledger,
    hits: observation.hits,
    clock,
  });
  const dashboard = ports.own(
    createNodeDashboard(config.dashboard, {
      store: observation.store,
      facts,
      pages: deps.dashboardPages,
      clock,
      log,
    }),
  );

  /** Shared with the generation before or after this one: it is replaced while it still drains. */
  function listen(name: OwnPort): Promise<HostPort> {
    const { host, port } = config[name];
    const server = ports.own(createAdminServer({ routes: routes[name], log }));
    const fd = openListener(undefined, { address: parseIpAddress(host), port, mark: 0, reusePort: true });
    return server.listen({ fd });
  }

  const reporter = createObservationReporter({
    proxy: `ztunnel/${config.node}`,
    version: deps.version,
    store: observation.store,
    dashboardUrl: config.dashboard.url,
    state: () => proxyStateOf(observation.store, facts),
    send: proxy.reportObservations,
    clock,
    log,
    random,
  });

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    readiness.waitFor('termination');
    log.info('closing', { connections: proxy.tracker.size });
    // Requests must reach the next generation from now on.
    await ports.close();
    // The next generation speaks for the node from now on.
    reporter.retire();
    await proxy.close();
    await telemetry.close();
    log.info('closed');
  }

  return {
    log,
    ready,
    async start() {
      const [admin, metrics, ready, pages] = await Promise.all([
        listen('admin'),
        listen('metrics'),
        listen('readiness'),
        dashboard.start(),
      ]);
      await proxy.start();
      // An istiod takes no reports.
      if (config.agentSocket === undefined) reporter.start();
      proxy.discovery.messages.subscribe(({ typeUrl, bytes }) => xdsMetrics.message(typeUrl, bytes));
      proxy.discovery.terminations.subscribe(({ reason }) => xdsMetrics.terminated(reason));
      return { admin, metrics, readiness: ready, dashboard: pages };
    },
    close() {
      closing ??= close();
      return closing;
    },
    destroy(cause) {
      ports.destroy(cause);
      reporter.destroy(cause);
      proxy.destroy(cause);
      observation.journal.close();
      telemetry.destroy(cause);
    },
  };
}
