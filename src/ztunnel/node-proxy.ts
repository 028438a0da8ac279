import {
  type Clock,
  type Closable,
  createBufferBudget,
  describeError,
  descriptorLimit,
  type Logger,
} from '../base/index.ts';
import { createSvidStore, type SvidStore } from '../identity/index.ts';
import {
  type AccessLogScope,
  createMeshView,
  type EnrolmentPod,
  type MeshView,
  type PodTelemetry,
  type WorkloadUid,
} from '../model/index.ts';
import { decideL4 } from '../policy/index.ts';
import {
  type ConnectionJournal,
  type ControllerClient,
  createControllerClient,
  createHeldIdentities,
  type RefusalTeller,
  type RulesOf,
  type TunnelRejection,
} from '../proxy/index.ts';
import type { Tracer, TunnelMetrics } from '../telemetry/index.ts';
import type { DeltaClient } from '../xds/index.ts';
import type { DumpedPod } from './admin/index.ts';
import type { ZtunnelConfig } from './config/index.ts';
import { type CniCommand, createMemberships, createNewPods } from './cni/index.ts';
import { createAdmission } from './connections/admission.ts';
import type { DryRun, Reason } from './connections/inbound-verdict.ts';
import { createFairShare } from './connections/fair-share.ts';
import { type ConnectionTracker, createConnectionTracker } from './connections/tracker.ts';
import { createFirstAnswers, subscriptionsTo, xdsNodeOf } from './control-plane/index.ts';
import { ZtunnelError } from './errors.ts';
import type { WaypointBypass } from './inbound/waypoint-bypass.ts';
import { type PodProxyDeps, startPodProxy } from './pod/index.ts';
import {
  captureState,
  createStateKeeper,
  readBoot,
  readState,
  restoreState,
  type SavedState,
  type StateKeeper,
} from './restart/index.ts';
import { createServedPods } from './serve-pods.ts';

/** What the proxy tells its process, and what it shares with it. */
export interface NodeProxyDeps {
  readonly journal: ConnectionJournal;
  /** What peers are told of refusals. */
  readonly refusals: RefusalTeller;
  readonly tunnels: TunnelMetrics;
  readonly tracer: Tracer;
  /** What objects say about a pod's connections comes to this. */
  readonly rulesOf: RulesOf;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** Of this program: the controller is told. */
  readonly version: string;
  onTunnelRejected(pod: EnrolmentPod, rejection: TunnelRejection): void;
  /** All connections are over, or cut; the controller can still be told. */
  onDrained(): Promise<void>;
  onDryRun(outcome: DryRun): void;
  onDecided(verdict: 'allow' | 'deny', reason: Reason): void;
  onWaypointBypass(bypass: WaypointBypass): void;
  onCniCall(command: CniCommand, outcome: 'success' | 'failure'): void;
}

/** The node proxy without its own ports: what carries traffic and follows the controller. */
export interface NodeProxy extends Closable {
  readonly view: MeshView;
  readonly svids: SvidStore;
  readonly tracker: ConnectionTracker;
  /** Throws before `start`. */
  readonly discovery: DeltaClient;
  pods(): readonly DumpedPod[];
  /** Which connections of a pod its log tells. */
  accessLogOf(pod: WorkloadUid): AccessLogScope;
  /** What objects say about its telemetry. */
  telemetryOf(pod: WorkloadUid): PodTelemetry | undefined;
  /** To the controller. */
  readonly reportObservations: ControllerClient['reportObservations'];
  /** Resolves when the mesh and its policies are known and each pod of the node has been tried once. */
  readonly ready: Promise<void>;
  /** Loads the saved state, then follows the controller. */
  start(): Promise<void>;
}

/** Nothing is opened before it is started; what it owns is closed with it, in its order. */
export function createNodeProxy(config: ZtunnelConfig, deps: NodeProxyDeps): NodeProxy {
  const { clock, log, random } = deps;
  const { node, traffic } = config;
  const view = createMeshView();
  const tracker = createConnectionTracker();
  const controller = createControllerClient({
    controlPlane: config.controlPlane,
    clusterId: config.mesh.clusterId,
    node: xdsNodeOf(config, deps.version),
    impersonates: true,
    clock,
    log,
    random,
  });
  const svids = createSvidStore({ issue: controller.issue, ttlMs: config.svidTtlMs, clock, log, random });
  const identityOf = createHeldIdentities(svids);
  const admission = createAdmission({
    view,
    judge: decideL4,
    holdMs: traffic.holdMs,
    clock,
    refusesBypass: (uid) => served.wanted(uid)?.waypointBypass === 'refuse',
    onDryRun: deps.onDryRun,
    onDecided: deps.onDecided,
  });
  const proxyDeps: PodProxyDeps = {
    node,
    clusterId: config.mesh.clusterId,
    network: config.mesh.network,
    view,
    traffic,
    admission,
    tracker,
    connections: createFairShare(carriedConnections()),
    journal: deps.journal,
    refusals: deps.refusals,
    tunnels: deps.tunnels,
    tracer: deps.tracer,
    traceRulesOf: (uid, side) => deps.rulesOf(served.wanted(uid)?.telemetry?.[side]).tracing,
    budget: createBufferBudget(),
    clock,
    log,
    random,
    onTunnelRejected: deps.onTunnelRejected,
    onWaypointBypass: deps.onWaypointBypass,
  };
  const memberships = createMemberships();
  const served = createServedPods(config, {
    view,
    send: controller.report,
    svids,
    startProxy: (pod, namespace, mark) =>
      startPodProxy(proxyDeps, { pod, namespace, mark, identity: identityOf(pod.identity) }),
    onWanted: (uid) => admission.review(uid),
    // Of a namespace that is not the mesh's nobody tells anything: its pods may well be there.
    isDeleted: ({ uid, namespace }) =>
      memberships.joins(namespace) !== undefined && view.workload(uid)?.node !== node,
    clock,
    log,
    random,
  });
  const answers = createFirstAnswers(served.update !== undefined);
  let saved: SavedState | undefined;
  let keeper: StateKeeper | undefined;
  let client: DeltaClient | undefined;
  let isConnected = false;
  const { arrivals } = served;
  const cni =
    config.cniSocket === undefined || arrivals === undefined
      ? undefined
      : createNewPods({
          path: config.cniSocket,
          node,
          hostProc: config.hostProc,
          arrivals,
          memberships,
          isConnected: () => isConnected,
          onAnswered: deps.onCniCall,
          clock,
          log,
        });

  function follow(): DeltaClient {
    const sink = {
      applyToView: view.apply,
      own: served.update && {
        updateEnrolment: served.update,
        updateMemberships: memberships.update,
        setTrustBundle: svids.setTrustBundle,
      },
      applied(typeUrl: string) {
        keeper?.touch();
        if (answers.applied(typeUrl)) served.open();
      },
    };
    const started = controller.follow(subscriptionsTo(sink, saved?.versions ?? new Map()));
    // Another controller may answer after a break, or one that has forgotten.
    let away = false;
    started.terminations.subscribe(() => {
      away = true;
      isConnected = false;
    });
    started.messages.subscribe(() => {
      isConnected = true;
      if (away) served.repeat();
      away = false;
    });
    return started;
  }

  async function load(file: string, boot: string): Promise<void> {
    try {
      const found = await readState(file, node);
      if (found === undefined) return;
      // Numbers of namespaces and sockets, and often names and addresses, have other owners since.
      if (boot === '' || found.boot !== boot) {
        log.info('saved state not used: the machine was started since', { file });
        return;
      }
      saved = found;
      restoreState(saved, { view, svids, served, memberships });
      served.open();
      answers.skip();
      log.info('saved state loaded', { pods: saved.pods.length });
    } catch (error) {
      // Nothing of it was applied: certificates come first, and only they are checked.
      saved = undefined;
      log.warn('saved state not used', { error: describeError(error) });
    }
  }

  const ready = answers.complete.then(() => served.settled());
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    // Whoever asks from now on asks the next process.
    await cni?.close();
    // A proxy that ends changes nothing any more: it neither enrols nor reports, it only lets its connections end.
    await client?.close();
    served.retire();
    await keeper?.close();
    await withinDrainTime(served.stop());
    letGo(drainedOut());
    await deps.onDrained();
    await controller.close();
  }

  /** Resolves when `work` is done, or when the time that connections are given is over. */
  function withinDrainTime(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = clock.after(config.drainTimeoutMs, resolve);
      work.then(() => {
        timer.cancel();
        resolve();
      }, reject);
    });
  }

  function letGo(cause: Error): void {
    served.destroy(cause);
    admission.close();
    svids.destroy(cause);
  }

  return {
    view,
    svids,
    tracker,
    accessLogOf: (pod) => served.wanted(pod)?.accessLog ?? 'all',
    telemetryOf: (pod) => served.wanted(pod)?.telemetry,
    get discovery() {
      if (client === undefined) throw notStarted();
      return client;
    },
    pods: () =>
      served.pods().map(({ pod, state, older }) => ({ pod, state, connections: tracker.of(pod.uid), older })),
    reportObservations: controller.reportObservations,
    ready,
    async start() {
      const { stateFile } = config;
      const boot = await readBoot();
      if (stateFile !== undefined) await load(stateFile, boot);
      const discovery = follow();
      client = discovery;
      if (stateFile !== undefined) {
        const snapshot = (): SavedState =>
          captureState({ node, boot, view, svids, served, memberships, discovery });
        keeper = createStateKeeper({ file: stateFile, snapshot, clock, log });
        svids.svidChanges.subscribe(() => keeper?.touch());
      }
      discovery.start();
      await cni?.start(ready);
    },
    close() {
      closing ??= close();
      return closing;
    },
    destroy(cause = drainedOut()) {
      cni?.destroy();
      client?.destroy(cause);
      letGo(cause);
      controller.destroy(cause);
    },
  };
}

function drainedOut(): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_DRAINED',
    blame: 'local',
    message: 'the node proxy closed before the connection had ended',
  });
}

function notStarted(): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_FAULT',
    blame: 'local',
    message: 'the node proxy follows its controller only once it is started',
  });
}

/** A connection needs at most two descriptors; listeners, sessions and namespaces need the rest. */
function carriedConnections(): number {
  return Math.floor((descriptorLimit() - RESERVED_DESCRIPTORS) / 2);
}

const RESERVED_DESCRIPTORS = 512;
