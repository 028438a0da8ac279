import { type Clock, describeError, type Logger, sleep } from '../../base/index.ts';
import type { EnrolmentPod } from '../../model/index.ts';
import type { NetNamespace } from '../../net/index.ts';
import { type PodProxy, type PodState, within } from '../enrolment/index.ts';
import { fromUnknown } from '../from-unknown.ts';

const RETRY_MS = 5_000;

/** One pod that the agent has handed over, in one network namespace. */
export interface ServedAgentPod {
  /** As of the last attempt. */
  readonly pod: EnrolmentPod;
  readonly namespace: NetNamespace;
  readonly state: PodState;
  /** Tries to serve it, unless it is served, and goes on trying every five seconds. Rejects when this attempt failed. */
  start(): Promise<void>;
  /** Takes nothing new. Resolves when its last connection has ended, or `limitMs` is over and they were cut. */
  drain(limitMs: number): Promise<void>;
  destroy(cause: Error): void;
}

/** What one pod takes. */
export interface AgentPodPorts {
  /** What is to be served; asked anew for each attempt, because what is known of the mesh changes. */
  describe(): EnrolmentPod;
  /** Resolves when the pod's listeners accept. */
  serve(pod: EnrolmentPod, namespace: NetNamespace, signal: AbortSignal): Promise<PodProxy>;
  /** Nothing of the pod is left here. */
  onEnded(): void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Does nothing until it is started. Takes the namespace over. */
export function createAgentPod(namespace: NetNamespace, ports: AgentPodPorts): ServedAgentPod {
  const { clock, log } = ports;
  const ending = new AbortController();
  let pod = ports.describe();
  let state: PodState = { kind: 'preparing' };
  let proxy: PodProxy | undefined;
  let attempt: Promise<void> | undefined;
  let retrying = false;

  async function serve(): Promise<void> {
    try {
      pod = ports.describe();
      const started = await ports.serve(pod, namespace, ending.signal);
      if (ending.signal.aborted) {
        started.destroy(fromUnknown(ending.signal.reason));
        throw ending.signal.reason;
      }
      proxy = started;
      state = { kind: 'captured' };
    } catch (cause) {
      const error = fromUnknown(cause);
      if (!ending.signal.aborted) {
        state = { kind: 'waiting', error, retryInMs: RETRY_MS };
        void retry();
      }
      throw error;
    }
  }

  function start(): Promise<void> {
    if (proxy !== undefined) return Promise.resolve();
    attempt ??= serve().finally(() => {
      attempt = undefined;
    });
    return attempt;
  }

  async function retry(): Promise<void> {
    if (retrying) return;
    retrying = true;
    try {
      await sleep(clock, RETRY_MS, ending.signal);
    } catch {
      // It is no longer wanted.
      return;
    }
    retrying = false;
    try {
      await start();
      log.info('pod served after all', { pod: pod.uid });
    } catch (error) {
      log.warn('pod not served', { pod: pod.uid, error: describeError(error), retryInMs: RETRY_MS });
    }
  }

  function end(cause: Error): void {
    if (state.kind === 'gone') return;
    state = { kind: 'gone' };
    proxy?.destroy(cause);
    namespace.close();
    ports.onEnded();
  }

  return {
    get pod() {
      return pod;
    },
    namespace,
    get state() {
      return state;
    },
    start,
    async drain(limitMs) {
      const reason = new Error('the pod is no longer to be served');
      ending.abort(reason);
      if (state.kind === 'gone') return;
      state = { kind: 'draining' };
      if (proxy !== undefined) await within(clock, limitMs, proxy.drain(), () => undefined);
      end(fromUnknown(reason));
    },
    destroy(cause) {
      ending.abort(cause);
      end(cause);
    },
  };
}
