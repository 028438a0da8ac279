import { createBackoff, describeError, MeshError, sleep } from '../../base/index.ts';
import {
  CAPTURED_BY_ANOTHER,
  type CaptureModes,
  type EnrolmentPod,
  type EnrolmentState,
} from '../../model/index.ts';
import { ZtunnelError } from '../errors.ts';
import type { EnrolmentPorts, PodNamespace, PodProxy } from './ports.ts';
import type { PodState } from './pod-state.ts';
import { within } from './within.ts';

/** How long capturing waits for the proxies of the mesh to learn that the pod now speaks HBONE (design.md, Decisions). */
const ANNOUNCED_WITHIN_MS = 500;
/** How long leaving waits for them to learn that it no longer does. */
const WITHDRAWN_WITHIN_MS = 2_000;
/** How long a pod that joins takes plaintext on, while others that join with it still send plaintext. */
const JOINED_WITHIN_MS = 10_000;
/** How long a pod that leaves goes on sending through the mesh, while others that leave with it still expect that. */
const LEFT_WITHIN_MS = 2_000;
/** How often a quiet pod's namespace is compared with the one in hand, and a draining one's connections are counted. */
const CHECK_EVERY_MS = 1_000;
const RETRY = { initialMs: 100, maximumMs: 15_000, jitter: 0.2 };
/** For a pod that another mesh has: its resource changes when it is let go. */
const LOOK_AGAIN_MS = 60_000;

/** Keeps one pod as the controller wants it. */
export interface PodEnrolment {
  readonly pod: EnrolmentPod;
  readonly state: PodState;
  /** Resolves when the first attempt has succeeded or failed, for readiness. */
  readonly settled: Promise<void>;
  /** Resolves when nothing of this pod is left: it was released, or its namespace is gone and so is its resource. */
  readonly ended: Promise<void>;
  /** The pod's resource as it is now; undefined: it is no longer to be enrolled here. */
  desire(pod: EnrolmentPod | undefined): void;
  /** For a process that ends: leaves the rules as they are and drains. The proxies' connections may live on. */
  stop(): Promise<void>;
  destroy(cause: Error): void;
}

/** Starts at once. One loop per pod takes the steps in their fixed order; a change of the goal interrupts between two. */
export function enrolPod<Namespace extends PodNamespace>(
  pod: EnrolmentPod,
  ports: EnrolmentPorts<Namespace>,
): PodEnrolment {
  return new PodEnrolmentLoop(pod, ports, true);
}

/** Goes on with a pod that an earlier process was taking out of the mesh. */
export function releasePod<Namespace extends PodNamespace>(
  pod: EnrolmentPod,
  ports: EnrolmentPorts<Namespace>,
): PodEnrolment {
  return new PodEnrolmentLoop(pod, ports, false);
}

class PodEnrolmentLoop<Namespace extends PodNamespace> implements PodEnrolment {
  pod: EnrolmentPod;
  state: PodState = { kind: 'preparing' };
  readonly settled: Promise<void>;
  readonly ended: Promise<void>;
  readonly #ports: EnrolmentPorts<Namespace>;
  #wanted: boolean;
  #stopping = false;
  #goal = new AbortController();
  #settle: () => void = ignore;
  #namespace: Namespace | undefined;
  #proxy: PodProxy | undefined;
  #appliedModes: CaptureModes | undefined;
  /** Proxies of earlier enrolments whose connections still live. */
  readonly #draining = new Map<PodProxy, Promise<void>>();

  constructor(pod: EnrolmentPod, ports: EnrolmentPorts<Namespace>, wanted: boolean) {
    this.pod = pod;
    this.#wanted = wanted;
    this.#ports = ports;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.ended = this.#run();
  }

  desire(pod: EnrolmentPod | undefined): void {
    if (pod !== undefined) this.pod = pod;
    this.#wanted = pod !== undefined;
    this.#newGoal('the goal changed');
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#newGoal('the proxy stops');
    await this.ended;
    this.#setAsideProxy();
    await Promise.all(this.#draining.values());
    this.#releaseNamespace();
  }

  destroy(cause: Error): void {
    this.#stopping = true;
    this.#newGoal('the proxy is destroyed');
    this.#discard(cause);
  }

  #newGoal(reason: string): void {
    const previous = this.#goal;
    this.#goal = new AbortController();
    previous.abort(new Error(reason));
  }

  async #run(): Promise<void> {
    const backoff = createBackoff(RETRY, this.#ports.random);
    while (!this.#stopping) {
      const { signal } = this.#goal;
      try {
        if (this.#wanted) await this.#enrol(signal);
        else if (await this.#unenrol(signal)) break;
        backoff.reset();
        this.#settle();
        await this.#untilSomethingChanges(signal);
      } catch (error) {
        // An aborted step is not a failure: the loop goes on with the new goal.
        if (!signal.aborted)
          await this.#failed(error, this.pod.heldBy === '' ? backoff.next() : LOOK_AGAIN_MS, signal);
      }
    }
    this.#settle();
    if (this.#stopping) this.#transition({ kind: 'stopped' });
  }

  /**
   * SVID → listeners and routing → announced → outbound nat rules → others that join are as far → inbound nat rules.
   * Pods that join together speak to one another throughout, STRICT or not. A new pod is captured both ways at once.
   * Each step is idempotent.
   */
  async #enrol(signal: AbortSignal): Promise<void> {
    const { redirection } = this.#ports;
    const { pod } = this;
    const namespace = await this.#currentNamespace(pod);
    if (namespace === undefined) return;
    if (this.state.kind !== 'captured') this.#transition({ kind: 'preparing' });
    const alreadyCaptured = await this.#isCaptured(pod, namespace);
    await this.#ports.ensureSvid(pod, signal);
    signal.throwIfAborted();
    if (this.#proxy === undefined && this.#draining.size === 0) redirection.requirePorts(namespace);
    this.#proxy ??= await this.#ports.startProxy(pod, namespace);
    await redirection.apply(namespace, pod, 'routing');
    signal.throwIfAborted();
    let onCaptured: () => void = ignore;
    // Who is captured already stays so, whatever happened to the process that did it: its traffic waits for us.
    if (!alreadyCaptured) {
      if (!pod.isNew) {
        this.#transition({ kind: 'announcing' });
        await this.#reportAndWait('prepared', ANNOUNCED_WITHIN_MS);
        signal.throwIfAborted();
      }
      this.#transition({ kind: 'capturing' });
      onCaptured = this.#ports.noteExistingConnections(pod, namespace);
    }
    // Rules of an earlier process are left alone; ours are replaced when the pod now asks for others.
    if (!alreadyCaptured && !pod.isNew) {
      await redirection.apply(namespace, pod, 'nat-outbound');
      await this.#tellAndKeepStep('sending', ANNOUNCED_WITHIN_MS, JOINED_WITHIN_MS, signal);
      await redirection.apply(namespace, pod, 'nat-inbound');
    } else if (!alreadyCaptured || (this.#appliedModes ?? pod.modes) !== pod.modes) {
      await redirection.apply(namespace, pod, 'nat');
    }
    this.#appliedModes = pod.modes;
    onCaptured();
    this.#transition({ kind: 'captured' });
    this.#tell('captured');
  }

  /** Rejects where another mesh has the pod: with who says so where that is known, for rules alone do not say what to change. */
  async #isCaptured(pod: EnrolmentPod, namespace: Namespace): Promise<boolean> {
    let isCaptured: boolean;
    try {
      isCaptured = await this.#ports.redirection.isCaptured(namespace);
    } catch (error) {
      const isAnothers = error instanceof MeshError && error.code === CAPTURED_BY_ANOTHER;
      throw isAnothers && pod.heldBy !== '' ? heldByAnother(pod, error) : error;
    }
    if (pod.heldBy !== '' && !isCaptured) throw heldByAnother(pod);
    return isCaptured;
  }

  /** Inbound off → withdrawn → others that leave are as far → outbound off → drained → routing off. False when the goal changed meanwhile. */
  async #unenrol(signal: AbortSignal): Promise<boolean> {
    const { redirection } = this.#ports;
    const { pod } = this;
    const namespace = this.#namespace ?? (await this.#leftNamespace(pod));
    if (namespace === undefined || !(await this.#ports.isCurrent(pod, namespace))) {
      this.#discard(podGone(pod));
      this.#finish();
      return true;
    }
    this.#transition({ kind: 'leaving' });
    await redirection.remove(namespace, pod, 'nat-inbound');
    await this.#tellAndKeepStep('leaving', WITHDRAWN_WITHIN_MS, LEFT_WITHIN_MS, signal);
    await redirection.remove(namespace, pod, 'nat-outbound');
    this.#transition({ kind: 'draining' });
    this.#setAsideProxy();
    await this.#drained(namespace, signal);
    await redirection.remove(namespace, pod, 'routing');
    this.#releaseNamespace();
    this.#finish();
    return true;
  }

  #finish(): void {
    this.#transition({ kind: 'released' });
    this.#tell('released');
  }

  /** Rejects when the goal changes; returns early when the namespace goes away, for then nothing can drain. */
  async #drained(namespace: Namespace, signal: AbortSignal): Promise<void> {
    for (;;) {
      const tracked = await this.#ports.redirection.trackedConnections(namespace);
      if (this.#draining.size === 0 && tracked === 0) return;
      await sleep(this.#ports.clock, CHECK_EVERY_MS, signal);
      if (await this.#ports.isCurrent(this.pod, namespace)) continue;
      for (const proxy of this.#draining.keys()) proxy.destroy(podGone(this.pod));
      this.#draining.clear();
      return;
    }
  }

  /** Sleeps until there is a new goal (rejects) or the pod's namespace is no longer the one in hand (returns). */
  async #untilSomethingChanges(signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(this.#ports.clock, CHECK_EVERY_MS, signal);
      const namespace = this.#namespace;
      if (namespace !== undefined && (await this.#ports.isCurrent(this.pod, namespace))) continue;
      this.#discard(podGone(this.pod));
      this.#transition({ kind: 'gone' });
      return;
    }
  }

  /**
   * The namespace in hand if it still is the pod's; else the new one, and what served the old one is let go. Undefined
   * while a pod that was here has none: its container ends before its resource does, and that is no failure.
   */
  async #currentNamespace(pod: EnrolmentPod): Promise<Namespace | undefined> {
    if (this.#namespace !== undefined && (await this.#ports.isCurrent(pod, this.#namespace)))
      return this.#namespace;
    this.#discard(podGone(pod));
    try {
      return await this.#openNamespace(pod);
    } catch (error) {
      if (this.state.kind !== 'gone') throw error;
      this.#ports.log.trace('pod namespace still gone', { pod: pod.uid, error: describeError(error) });
      return undefined;
    }
  }

  /** The namespace of a pod that this process has never served: an earlier one's rules may still be in it. */
  async #leftNamespace(pod: EnrolmentPod): Promise<Namespace | undefined> {
    try {
      return await this.#openNamespace(pod);
    } catch (error) {
      this.#ports.log.debug('nothing left of pod', { pod: pod.uid, error: describeError(error) });
      return undefined;
    }
  }

  async #openNamespace(pod: EnrolmentPod): Promise<Namespace> {
    const opened = await this.#ports.openNamespace(pod);
    if (this.#stopping) {
      // Nobody lets go of it any more.
      opened.close();
      throw podGone(pod);
    }
    this.#namespace = opened;
    return opened;
  }

  #setAsideProxy(): void {
    const proxy = this.#proxy;
    this.#proxy = undefined;
    if (proxy === undefined) return;
    const drained = proxy.drain().then(
      () => undefined,
      (error: unknown) => this.#ports.log.warn('pod drain failed', { pod: this.pod.uid, error }),
    );
    this.#draining.set(
      proxy,
      drained.then(() => void this.#draining.delete(proxy)),
    );
  }

  #discard(cause: Error): void {
    this.#appliedModes = undefined;
    this.#proxy?.destroy(cause);
    this.#proxy = undefined;
    for (const proxy of this.#draining.keys()) proxy.destroy(cause);
    this.#draining.clear();
    this.#releaseNamespace();
  }

  #releaseNamespace(): void {
    this.#namespace?.close();
    this.#namespace = undefined;
  }

  async #failed(error: unknown, retryInMs: number, signal: AbortSignal): Promise<void> {
    const failure = error instanceof Error ? error : new Error(String(error));
    this.#transition({ kind: 'waiting', error: failure, retryInMs });
    this.#settle();
    this.#ports.log.warn('pod enrolment failed', {
      pod: this.pod.uid,
      error: describeError(error),
      retryInMs,
    });
    if (this.#wanted) {
      const code = error instanceof MeshError ? error.code : 'unknown';
      this.#tell('failed', { code, message: describeError(error) });
    }
    try {
      await sleep(this.#ports.clock, retryInMs, signal);
    } catch {
      // Woken by a new goal: the loop reads it.
    }
  }

  /** False when there was no answer in time; rejects when there cannot be one. */
  async #reportAndWait(state: EnrolmentState, waitMs: number): Promise<boolean> {
    const report = this.#ports.report({ uid: this.pod.uid, state });
    const receipt = await within(this.#ports.clock, waitMs, report, (error) => {
      this.#ports.log.warn('pod report failed late', {
        pod: this.pod.uid,
        state,
        error: describeError(error),
      });
    });
    if (receipt?.acknowledged !== true)
      this.#ports.log.debug('pod report not acknowledged in time', { pod: this.pod.uid, state });
    return receipt !== undefined;
  }

  /**
   * Tells where the pod is, and waits until those that join or leave with it are as far. A wait that is too short may
   * cost them a connection, one without end would cost this pod its place: whatever fails in here, it goes on.
   */
  async #tellAndKeepStep(
    state: EnrolmentState,
    toldWithinMs: number,
    inStepWithinMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const limit = new AbortController();
    const patience = (ms: number): Promise<void> =>
      sleep(this.#ports.clock, ms, AbortSignal.any([signal, limit.signal])).catch(ignore);
    try {
      const isTold = await this.#reportAndWait(state, toldWithinMs);
      signal.throwIfAborted();
      if (isTold) await Promise.race([this.#ports.othersInStep(), patience(inStepWithinMs)]);
    } catch (error) {
      this.#ports.log.debug('others not waited for', {
        pod: this.pod.uid,
        state,
        error: describeError(error),
      });
    }
    limit.abort();
    signal.throwIfAborted();
  }

  /** For reports that nothing waits for; whoever sends them repeats them until they arrive. */
  #tell(state: EnrolmentState, failure?: { readonly code: string; readonly message: string }): void {
    this.#ports.report({ uid: this.pod.uid, state, failure }).catch((error: unknown) => {
      this.#ports.log.debug('pod report failed', { pod: this.pod.uid, state, error: describeError(error) });
    });
  }

  #transition(next: PodState): void {
    if (this.state.kind === next.kind) return;
    this.#ports.log.debug('pod state', { pod: this.pod.uid, from: this.state.kind, to: next.kind });
    this.state = next;
  }
}

function heldByAnother(pod: EnrolmentPod, cause?: MeshError): ZtunnelError {
  return new ZtunnelError({
    code: CAPTURED_BY_ANOTHER,
    blame: 'local',
    message: `the pod is not to be captured: ${pod.heldBy}`,
    hint: 'take the pod out of that mesh; it is captured here once it has been let go',
    cause,
  });
}

function podGone(pod: EnrolmentPod): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_POD_GONE',
    blame: 'local',
    message: `the network namespace of ${pod.namespace}/${pod.name} is gone`,
  });
}

function ignore(): void {
  // Nothing is to be done.
}
