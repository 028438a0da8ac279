// Long, but one thing: the one place where the parts of a waypoint are put together, in the order in which they need each other.
import {
  type Clock,
  type Closable,
  createBufferBudget,
  createClosableStack,
  type Logger,
  type Signal,
} from '../base/index.ts';
import { detectHttp, serveHttp1, serveHttp2 } from '../http/index.ts';
import { createSvidStore, type SvidStore } from '../identity/index.ts';
import {
  boundServiceName,
  createMeshView,
  type MeshView,
  serviceKey,
  workloadIdentity,
} from '../model/index.ts';
import {
  type ConnectionJournal,
  type ControllerClient,
  createControllerClient,
  createHeldIdentities,
  type RefusalTeller,
  type RulesOf,
  type TunnelRejection,
} from '../proxy/index.ts';
import type {
  AdmissionMetrics,
  DecisionMetrics,
  HttpMetrics,
  RequestLog,
  Tracer,
  TunnelMetrics,
} from '../telemetry/index.ts';
import { type DeltaClient, VERSION_KEY } from '../xds/index.ts';
import type { GuardDeps } from './authorization/guard-deps.ts';
import { createConnectionJudge } from './authorization/judge-connection.ts';
import { createLiveConnections } from './authorization/live-connections.ts';
import type { WaypointConfig } from './config/index.ts';
import { createEnforcement, type Enforcement } from './enforcement.ts';
import { followMesh } from './control-plane/follow.ts';
import { createHandler, createSender } from './layers/create-handler.ts';
import { createReplayMemory } from './layers/resilience/replay/replay-memory.ts';
import { createRetryLayer } from './layers/resilience/retry.ts';
import type { RoutingMetrics } from './layers/routing-metrics.ts';
import { createOwnPortCarrier } from './listener/carry-own.ts';
import { createBytesCarrier } from './listener/carry-bytes.ts';
import type { WaypointSelf } from './listener/dialled-target.ts';
import { openTunnelPort } from './listener/tunnel-port.ts';
import { createConnectTo } from './own-calls/connect-to.ts';
import { createFetchDocument } from './own-calls/fetch-document.ts';
import { createConnectionContext } from './request/connection-context.ts';
import type { ObserveRequest } from './observation/observe-request.ts';
import { createTelemetryLookup, type TelemetryOf } from './observation/telemetry-lookup.ts';
import { createOwnWorkload } from './own-workload.ts';
import { createPlanCompiler } from './plan/compile-plan.ts';
import { createPlanStore } from './plan/plan-store.ts';
import type { TargetPlan } from './plan/target-plan.ts';
import { handleExchange } from './request/handle-exchange.ts';
import type { DialledTarget } from './request/request-parties.ts';
import { createResourceStore, type ResourceStore } from './resources/resource-store.ts';
import { createHttpConnector } from './upstream/connections/http-connector.ts';
import { createDialler } from './upstream/dial/create-dialler.ts';
import { createWaypointPool } from './upstream/dial/waypoint-pool.ts';
import type { UpstreamEvents } from './upstream/upstream-events.ts';
import { createUpstreams, type Upstreams } from './upstream/upstreams.ts';

/** What the proxy tells its process, and what it shares with it. */
export interface WaypointProxyDeps {
  /** Of this program: the controller is told. */
  readonly version: string;
  readonly journal: ConnectionJournal;
  readonly requestLog: RequestLog;
  /** Nothing runs any more; the controller can still be told. */
  onDrained(): Promise<void>;
  /** What peers are told of refusals. */
  readonly refusals: RefusalTeller;
  readonly tunnels: TunnelMetrics;
  readonly tracer: Tracer;
  /** What objects say about telemetry comes to this. */
  readonly rulesOf: RulesOf;
  readonly httpMetrics: HttpMetrics;
  readonly decisions: DecisionMetrics;
  readonly routingMetrics: RoutingMetrics;
  /** Gauges among them ask what is enforced. Called once. */
  admissionMetrics(
    enforced: () => Pick<Enforcement, 'rateLimiter' | 'faults' | 'filters' | 'keys'>,
  ): AdmissionMetrics;
  /** Called once. */
  upstreamEvents(dump: Upstreams['dump']): UpstreamEvents;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly observeRequest: ObserveRequest;
  readonly onDryRun: NonNullable<GuardDeps['onDryRun']>;
  readonly onDecided: NonNullable<GuardDeps['onDecided']>;
  onTunnelRejected(rejection: TunnelRejection): void;
}

/** The waypoint without its own ports: what carries traffic and follows the controller. */
export interface WaypointProxy extends Closable {
  readonly self: WaypointSelf;
  readonly view: MeshView;
  readonly resources: ResourceStore;
  readonly svids: SvidStore;
  readonly upstreams: Upstreams;
  readonly telemetryOf: TelemetryOf;
  readonly discovery: DeltaClient;
  /** To the controller. */
  readonly reportObservations: ControllerClient['reportObservations'];
  /** HTTP connections that clients have open. */
  readonly connections: number;
  /**
   * Follows the controller, and takes tunnels once everything is known that may refuse one. Resolves when it does; rejects
   * when its port cannot be opened.
   */
  start(): Promise<void>;
}

/** Nothing is opened before it is started; what it owns is closed with it, in its order. */
export function createWaypointProxy(config: WaypointConfig, deps: WaypointProxyDeps): WaypointProxy {
  const { clock, log, random } = deps;
  const { mesh } = config;
  const owned = createClosableStack();
  const [namespace = '', name = ''] = config.gateway.split('/');
  const resources = createResourceStore(config.gateway);
  const telemetryOf = createTelemetryLookup(resources, deps.rulesOf);
  const self: WaypointSelf = {
    gateway: config.gateway,
    namespace,
    hostname: `${name}.${namespace}.svc.${mesh.clusterDomain}`,
    network: mesh.network,
    isTold(service) {
      const { namespace: inNamespace, hostname } = service ?? self;
      return resources.get(boundServiceName(serviceKey(inNamespace, hostname))) !== undefined;
    },
  };
  const identity = workloadIdentity({
    trustDomain: mesh.trustDomain,
    namespace,
    serviceAccount: config.serviceAccount,
  });
  const view = createMeshView();
  const controller = owned.own(
    createControllerClient({
      controlPlane: config.controlPlane,
      clusterId: mesh.clusterId,
      node: {
        // wire.md §2.1: the first field tells the kind of proxy.
        id: `waypoint~127.0.0.1~${name}.${namespace}~${namespace}.svc.${mesh.clusterDomain}`,
        metadata: {
          NAME: name,
          NAMESPACE: namespace,
          CLUSTER_ID: mesh.clusterId,
          [VERSION_KEY]: deps.version,
        },
      },
      impersonates: false,
      clock,
      log,
      random,
    }),
  );
  owned.own({ close: deps.onDrained, destroy: () => undefined });
  const svids = owned.own(
    createSvidStore({ issue: controller.issue, ttlMs: config.svidTtlMs, clock, log, random }),
  );
  const held = createHeldIdentities(svids)(identity);
  // All of a waypoint's traffic is one account: it is one namespace's.
  const { maxBufferedBytes, maxIdleConnections } = config.memory;
  const account = createBufferBudget({
    processCapBytes: maxBufferedBytes,
    workloadCapBytes: maxBufferedBytes,
  }).account();
  const httpConfig = config.http;

  const ownWorkload = createOwnWorkload(view, serviceKey(namespace, self.hostname));
  const pool = owned.own(
    createWaypointPool({
      identity: held,
      account,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      clock,
      log,
      metrics: deps.tunnels,
    }),
  );
  const upstreams: Upstreams = owned.own(
    createUpstreams({
      view,
      network: mesh.network,
      self: ownWorkload,
      dial: createDialler({ pool, self: ownWorkload, clock }),
      connectHttp: createHttpConnector({ config: httpConfig, clock, account }),
      clock,
      random,
      events: deps.upstreamEvents(() => upstreams.dump()),
      maximumIdleConnections: maxIdleConnections,
    }),
  );
  const admission = deps.admissionMetrics(() => enforcement);
  const retry = createRetryLayer({ clock, random, onRetry: deps.routingMetrics.onRetry });
  const guards: GuardDeps = {
    clock,
    log,
    send: createSender(upstreams, retry),
    memory: createReplayMemory(CHECKED_BODIES_BYTES),
    onAnswer: admission.authorizers.answered,
    onDryRun: deps.onDryRun,
    onDecided: deps.onDecided,
  };
  const connectTo = createConnectTo({ upstreams, view, network: mesh.network, namespace, clock });
  const enforcement: Enforcement = owned.own(
    createEnforcement(config.gateway, {
      resources,
      metrics: admission,
      connectTo,
      fetchDocument: createFetchDocument({ connectTo, config: httpConfig, clock }),
      credentialsDirectory: config.credentialsDirectory,
      memory: config.memory,
      clock,
      log,
      random,
    }),
  );
  const plans = createPlanStore(resources, createPlanCompiler(config.gateway, { ...enforcement, log }));
  const planFor = (dialled: DialledTarget): TargetPlan => {
    if (dialled.kind === 'workload') return plans.planFor({ service: undefined, port: dialled.port });
    const { service, port } = dialled;
    // A connection outlives what its service was when it came.
    const current = view.service(serviceKey(service.namespace, service.hostname)) ?? service;
    return plans.planFor({ service: current, port });
  };
  const isTold = (dialled: DialledTarget): boolean =>
    self.isTold(dialled.kind === 'service' ? dialled.service : undefined);
  // Behind the plans, which are new when it hears of a change.
  const live = createLiveConnections({
    changes: resources.changes,
    planFor,
    onDecided: deps.onDecided,
  });
  const handler = createHandler({
    ...deps,
    ...enforcement,
    telemetryOf,
    maxActiveRequests: config.memory.maxActiveRequests,
    upstreams,
    retry,
    guards,
    live,
    passedOn: {
      self: identity.id,
      trustedClients: new Set(config.passedOn.trustedClients),
      clientCertificate: config.passedOn.clientCertificate,
    },
  });
  const followed = followMesh({ controller, view, resources: enforcement, gateway: config.gateway, svids });
  let connections = (): number => 0;

  async function start(): Promise<void> {
    followed.discovery.start();
    await followed.complete;
    const port = owned.own(
      await openTunnelPort({
        listen: config.hbone,
        identity: held,
        account,
        ownWorkload,
        onRejected: deps.onTunnelRejected,
        log,
        ports: {
          self,
          view,
          changes: { subscribe: (listener) => subscribeAll([view.changes, resources.changes], listener) },
          clock,
          refusals: deps.refusals,
          holdMs: HOLD_MS,
          connectionContext: (client, dialled) =>
            createConnectionContext({ client, dialled }, { planFor, isTold }),
          isTold,
          detect: (stream, patient) =>
            detectHttp(stream, patient ? { clock, timeoutMs: httpConfig.idleTimeoutMs } : { clock }),
          serve: (protocol, stream, onExchange) =>
            (protocol === 'http2' ? serveHttp2 : serveHttp1)(stream, {
              config: httpConfig,
              clock,
              account,
              onExchange,
            }),
          carryOwn: createOwnPortCarrier({
            ports: new Set([config.metrics.port, config.readiness.port]),
            identity,
            journal: deps.journal,
            refusals: deps.refusals,
            clock,
            ownWorkload,
          }),
          handle: (exchange, context) => handleExchange(exchange, context, { handler, clock }),
          carryBytes: createBytesCarrier({
            identity,
            view,
            network: mesh.network,
            upstreams,
            journal: deps.journal,
            refusals: deps.refusals,
            tracer: deps.tracer,
            telemetryOf,
            judge: createConnectionJudge(guards),
            live,
            clock,
            planFor,
          }),
        },
      }),
    );
    connections = () => port.connections;
  }
  // Held, and so kept fresh, for as long as the store lives.
  svids.retain(identity);

  return {
    self,
    view,
    resources,
    svids,
    upstreams,
    telemetryOf,
    discovery: followed.discovery,
    reportObservations: controller.reportObservations,
    get connections() {
      return connections();
    },
    start,
    async close() {
      await owned.close();
      live.close();
      plans.close();
    },
    destroy(cause) {
      owned.destroy(cause);
      live.close();
      plans.close();
    },
  };
}

function subscribeAll(signals: readonly Signal<unknown>[], listener: () => void): () => void {
  const stops = signals.map((signal) => signal.subscribe(listener));
  return () => {
    for (const stop of stops) stop();
  };
}

const CONNECT_TIMEOUT_MS = 2_000;
const HOLD_MS = 5_000;
/** Of bodies that authorizers see, all together. */
const CHECKED_BODIES_BYTES = 64 * 1024 * 1024;
