// Long, but one thing: the steps of one pod, which all start from and change the same few fields.
import { createBackoff, describeError, MeshError, sleep } from '../../base/index.ts';
import { CAPTURED_BY_ANOTHER, type CaptureModes, type EnrolmentPod } from '../../model/index.ts';
import { heldByAnother, podGone } from './pod-errors.ts';
import { createPodProxies, type PodProxies } from './pod-proxies.ts';
import { createPodReports, type PodReports } from './pod-reports.ts';
import type { PodState } from './pod-state.ts';
import type { EnrolmentPorts, PodNamespace } from './ports.ts';

/** How long capturing waits for the proxies of the mesh to learn that the pod now speaks HBONE (design.md, Decisions). */
const ANNOUNCED_WITHIN_MS = 500;
/** In step: how long a pod that joins takes plaintext on, while others that join with it still send plaintext. */
const JOINING = { toldWithinMs: ANNOUNCED_WITHIN_MS, inStepWithinMs: 10_000 };
/**
 * Told: how long leaving waits for the proxies to learn that the pod no longer speaks HBONE. In step: how long it goes on
 * sending through the mesh, while others that leave with it still expect that.
 */
const LEAVING = { toldWithinMs: 2_000, inStepWithinMs: 2_000 };
/** That a pod is not to be enrolled and that it is gone are told by two messages, in either order. */
const TOLD_TOGETHER_MS = 100;
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
  readonly #reports: PodReports;
  readonly #proxies: PodProxies;
  #wanted: boolean;
  #stopping = false;
  #goal = new AbortController();
  #settle: () => void = ignore;
  #namespace: Namespace | undefined;
  #appliedModes: CaptureModes | undefined;

  constructor(pod: EnrolmentPod, ports: EnrolmentPorts<Namespace>, wanted: boolean) {
    this.pod = pod;
    this.#wanted = wanted;
    this.#ports = ports;
    this.#reports = createPodReports(pod.uid, ports);
    this.#proxies = createPodProxies((error) => ports.log.warn('pod drain failed', { pod: pod.uid, error }));
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
    this.#proxies.setAside();
    await this.#proxies.drained();
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
        else continue;
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
    if (!this.#proxies.isServing && this.#proxies.draining === 0) redirection.requirePorts(namespace);
    await this.#proxies.serve(() => this.#ports.startProxy(pod, namespace));
    await redirection.apply(namespace, pod, 'routing');
    signal.throwIfAborted();
    let onCaptured: () => void = ignore;
    // Who is captured already stays so, whatever happened to the process that did it: its traffic waits for us.
    if (!alreadyCaptured) {
      if (!pod.isNew) {
        this.#transition({ kind: 'announcing' });
        await this.#reports.tellAndWait('prepared', ANNOUNCED_WITHIN_MS);
        signal.throwIfAborted();
      }
      this.#transition({ kind: 'capturing' });
      onCaptured = this.#ports.noteExistingConnections(pod, namespace);
    }
    // Rules of an earlier process are left alone; ours are replaced when the pod now asks for others.
    if (!alreadyCaptured && !pod.isNew) {
      await redirection.apply(namespace, pod, 'nat-outbound');
      await this.#reports.tellAndKeepStep('sending', JOINING, signal);
      await redirection.apply(namespace, pod, 'nat-inbound');
    } else if (!alreadyCaptured || (this.#appliedModes ?? pod.modes) !== pod.modes) {
      await redirection.apply(namespace, pod, 'nat');
    }
    this.#appliedModes = pod.modes;
    onCaptured();
    this.#transition({ kind: 'captured' });
    this.#reports.tell('captured');
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

  /** Inbound off → withdrawn → others that leave are as far → outbound off → drained → routing off. False: from the start again. */
  async #unenrol(signal: AbortSignal): Promise<boolean> {
    const { redirection } = this.#ports;
    const { pod } = this;
    const namespace = this.#namespace ?? (await this.#leftNamespace(pod));
    if (namespace === undefined || !(await this.#isThereToLeave(pod, namespace, signal))) {
      this.#discard(podGone(pod));
      this.#finish();
      return true;
    }
    this.#transition({ kind: 'leaving' });
    await redirection.remove(namespace, pod, 'nat-inbound');
    await this.#reports.tellAndKeepStep('leaving', LEAVING, signal);
    // It may have been heard of meanwhile.
    if (this.#ports.isDeleted(pod)) return false;
    await redirection.remove(namespace, pod, 'nat-outbound');
    this.#transition({ kind: 'draining' });
    // It may take as long as its oldest connection lives, and a process that goes on with it is not to be held up by that.
    this.#settle();
    this.#proxies.setAside();
    await this.#drained(namespace, signal);
    await redirection.remove(namespace, pod, 'routing');
    this.#releaseNamespace();
    this.#finish();
    return true;
  }

  /**
   * A pod that is deleted while its containers run stays captured until its namespace goes: nothing of it is to leave in clear text.
   * False when the namespace is gone.
   */
  async #isThereToLeave(pod: EnrolmentPod, namespace: Namespace, signal: AbortSignal): Promise<boolean> {
    await sleep(this.#ports.clock, TOLD_TOGETHER_MS, signal);
    while (await this.#ports.isCurrent(pod, namespace)) {
      if (!this.#ports.isDeleted(pod)) return true;
      this.#settle();
      await sleep(this.#ports.clock, CHECK_EVERY_MS, signal);
    }
    return false;
  }

  #finish(): void {
    this.#transition({ kind: 'released' });
    this.#reports.tell('released');
  }

  /** Rejects when the goal changes; returns early when the namespace goes away, for then nothing can drain. */
  async #drained(namespace: Namespace, signal: AbortSignal): Promise<void> {
    for (;;) {
      const tracked = await this.#ports.redirection.trackedConnections(namespace);
      if (this.#proxies.draining === 0 && tracked === 0) return;
      await sleep(this.#ports.clock, CHECK_EVERY_MS, signal);
      if (await this.#ports.isCurrent(this.pod, namespace)) continue;
      this.#proxies.destroyDraining(podGone(this.pod));
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

  #discard(cause: Error): void {
    this.#appliedModes = undefined;
    this.#proxies.destroy(cause);
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
      this.#reports.tell('failed', { code, message: describeError(error) });
    }
    try {
      await sleep(this.#ports.clock, retryInMs, signal);
    } catch {
      // Woken by a new goal: the loop reads it.
    }
  }

  #transition(next: PodState): void {
    if (this.state.kind === next.kind) return;
    this.#ports.log.debug('pod state', { pod: this.pod.uid, from: this.state.kind, to: next.kind });
    this.state = next;
  }
}

function ignore(): void {
  // Nothing is to be done.
}
