import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Closable, describeError, errnoOf, type Logger } from '../base/index.ts';
import { createSvidStore, type SvidStore } from '../identity/index.ts';
import { createMeshView, type EnrolmentPod, type MeshView, type WorkloadUid } from '../model/index.ts';
import { type NetNamespace, openNamespace } from '../net/index.ts';
import { decideL4 } from '../policy/index.ts';
import { createBufferBudget } from '../tunnel-protocol/index.ts';
import {
  ADDRESS_TYPE,
  AUTHORIZATION_TYPE,
  type DeltaClient,
  ENROLMENT_POD_TYPE,
  TRUST_BUNDLE_TYPE,
} from '../xds/index.ts';
import type { DumpedPod } from './admin/dump-state.ts';
import type { ZtunnelConfig } from './config/index.ts';
import { createAdmission, type DryRun } from './connections/admission.ts';
import type { ConnectionJournal } from './connections/connection-record.ts';
import { createConnectionTracker, type ConnectionTracker } from './connections/tracker.ts';
import { createControllerClient, createEnrolmentGate, subscriptionsTo } from './control-plane/index.ts';
import { createNodeEnrolment, createNodeReports } from './enrolment/index.ts';
import { ZtunnelError } from './errors.ts';
import {
  createExistingConnections,
  createPodIdentities,
  createPodRedirection,
  startPodProxy,
  type TunnelRejection,
} from './pod/index.ts';
import { createStateKeeper, readState, type SavedState, type StateKeeper } from './restart/index.ts';

export interface NodeProxyDeps {
  readonly journal: ConnectionJournal;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  onTunnelRejected(pod: EnrolmentPod, rejection: TunnelRejection): void;
  onDryRun(outcome: DryRun): void;
}

/** The node proxy without its own ports: what carries traffic and follows the controller. */
export interface NodeProxy extends Closable {
  readonly view: MeshView;
  readonly svids: SvidStore;
  readonly tracker: ConnectionTracker;
  readonly discovery: DeltaClient;
  pods(): readonly DumpedPod[];
  /** Resolves when the mesh and its policies are known and each pod of the node has been tried once. */
  readonly ready: Promise<void>;
  /** Loads the saved state, then follows the controller. */
  start(): Promise<void>;
}

export function createNodeProxy(config: ZtunnelConfig, deps: NodeProxyDeps): NodeProxy {
  const { clock, log, random } = deps;
  const view = createMeshView();
  const tracker = createConnectionTracker();
  const controller = createControllerClient({ config, clock, log, random });
  const svids = createSvidStore({ issue: controller.issue, ttlMs: config.svidTtlMs, clock, log, random });
  const identityOf = createPodIdentities(svids);
  const admission = createAdmission({
    view,
    judge: decideL4,
    holdMs: config.traffic.holdMs,
    clock,
    onDryRun: deps.onDryRun,
  });
  const proxyDeps = {
    network: config.mesh.network,
    view,
    traffic: config.traffic,
    admission,
    tracker,
    journal: deps.journal,
    budget: createBufferBudget(),
    clock,
    log,
    random,
    onTunnelRejected: deps.onTunnelRejected,
  };
  const reports = createNodeReports({ node: config.node, send: controller.report, clock, log, random });
  const existing = createExistingConnections(log);
  const held = new Map<WorkloadUid, () => void>();
  const enrolment = createNodeEnrolment<NetNamespace>({
    openNamespace: (pod) => openNamespace(namespacePath(config, pod)),
    isCurrent: (pod, namespace) => isCurrent(namespacePath(config, pod), namespace),
    async ensureSvid(pod, signal) {
      // Held from now on, so that it stays fresh as long as the pod is here.
      if (!held.has(pod.uid)) held.set(pod.uid, svids.retain(pod.identity));
      await svids.get(pod.identity, 'connection', signal);
    },
    startProxy(pod, namespace) {
      const inodes = saved?.older.get(pod.uid);
      if (inodes !== undefined) existing.adopt(pod, namespace, inodes);
      return startPodProxy(proxyDeps, { pod, namespace, identity: identityOf(pod.identity) });
    },
    redirection: createPodRedirection(),
    noteExistingConnections: existing.note,
    async report(report) {
      if (report.state === 'released') {
        held.get(report.uid)?.();
        held.delete(report.uid);
        existing.forget(report.uid);
      }
      return reports.report(report);
    },
    clock,
    log,
    random,
  });

  let keeper: StateKeeper | undefined;
  let saved: SavedState | undefined;
  const gate = createEnrolmentGate((change) => enrolment.update(change));
  const awaited = new Set([ADDRESS_TYPE, AUTHORIZATION_TYPE]);
  const known = Promise.withResolvers<void>();
  let listed = false;
  const versions = new Map<string, ReadonlyMap<string, string>>();
  const discovery = (): DeltaClient => {
    client ??= controller.follow(
      subscriptionsTo(
        {
          applyToView: (batch) => view.apply(batch),
          updateEnrolment: (change) => gate.update(change),
          setTrustBundle: (bundle) => svids.setTrustBundle(bundle),
          applied,
        },
        versions,
      ),
    );
    return client;
  };
  let client: DeltaClient | undefined;

  function applied(typeUrl: string): void {
    keeper?.touch();
    awaited.delete(typeUrl);
    if (typeUrl === ENROLMENT_POD_TYPE) listed = true;
    if (awaited.size > 0) return;
    gate.open();
    if (listed) known.resolve();
  }

  async function load(file: string): Promise<void> {
    try {
      saved = await readState(file, config.node);
      if (saved === undefined) return;
      const count = svids.importState(saved.svids);
      view.apply({
        upsertWorkloads: saved.workloads,
        upsertServices: saved.services,
        upsertPolicies: saved.policies,
      });
      for (const [typeUrl, names] of saved.versions) versions.set(typeUrl, names);
      enrolment.update({ upserts: saved.pods, removed: [] });
      enrolment.resumeReleases(saved.leaving);
      gate.open();
      known.resolve();
      log.info('saved state loaded', { pods: saved.pods.length, certificates: count });
    } catch (error) {
      log.warn('saved state not used', { error: describeError(error) });
    }
  }

  function snapshot(): SavedState {
    const types = [ADDRESS_TYPE, AUTHORIZATION_TYPE, ENROLMENT_POD_TYPE, TRUST_BUNDLE_TYPE];
    return {
      node: config.node,
      workloads: [...view.workloads()],
      services: [...view.services()],
      policies: [...view.policies()],
      pods: enrolment.desired(),
      leaving: enrolment.leaving(),
      older: existing.noted(),
      svids: svids.exportState(),
      versions: new Map(types.map((type) => [type, new Map(discovery().versions(type))])),
    };
  }

  /** Another controller may answer, or one that has forgotten. */
  function repeatReportsAfterReconnect(client: DeltaClient): void {
    let away = false;
    client.terminations.subscribe(() => {
      away = true;
    });
    client.messages.subscribe(() => {
      if (away) reports.repeat();
      away = false;
    });
  }

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    // A proxy that ends changes nothing any more: it neither enrols nor reports, it only lets its connections end.
    await discovery().close();
    reports.close();
    await keeper?.close();
    await withinDrainTime(enrolment.stop());
    letGo(drainedOut());
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
    enrolment.destroy(cause);
    admission.close();
    svids.destroy(cause);
  }

  return {
    view,
    svids,
    tracker,
    get discovery() {
      return discovery();
    },
    pods: () =>
      enrolment.pods().map(({ pod, state }) => ({
        pod,
        state,
        connections: tracker.of(pod.uid),
        older: existing.of(pod.uid),
      })),
    ready: known.promise.then(() => enrolment.settled()),
    async start() {
      const { stateFile } = config;
      if (stateFile !== undefined) {
        await load(stateFile);
        keeper = createStateKeeper({ file: stateFile, snapshot, clock, log });
        svids.svidChanges.subscribe(() => keeper?.touch());
      }
      repeatReportsAfterReconnect(discovery());
      discovery().start();
    },
    close() {
      closing ??= close();
      return closing;
    },
    destroy(cause = drainedOut()) {
      discovery().destroy(cause);
      reports.close();
      letGo(cause);
      controller.destroy(cause);
    },
  };
}

function namespacePath(config: ZtunnelConfig, pod: EnrolmentPod): string {
  if (pod.netns === '' || pod.netns.includes('/') || pod.netns.startsWith('.')) {
    throw new ZtunnelError({
      code: 'ERR_ZTUNNEL_POD_GONE',
      blame: 'upstream',
      message: `${pod.namespace}/${pod.name} has no usable network namespace name: ${JSON.stringify(pod.netns)}`,
    });
  }
  return join(config.namespaceDirectory, pod.netns);
}

async function isCurrent(path: string, namespace: NetNamespace): Promise<boolean> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return dev === namespace.device && ino === namespace.inode;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function drainedOut(): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_DRAINED',
    blame: 'local',
    message: 'the node proxy closed before the connection had ended',
  });
}
