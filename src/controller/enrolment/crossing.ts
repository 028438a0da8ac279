import type { EnrolmentPod, EnrolmentReport, EnrolmentState, WorkloadUid } from '../../model/index.ts';

/** Which pods are to be in the mesh, and whose nodes can be waited for. */
export interface CrossingOptions {
  /** Every pod that is to be in the mesh. */
  readonly enrolments: () => Iterable<{ readonly node: string; readonly pod: EnrolmentPod }>;
  /** The node of a pod that there is. */
  readonly nodeOf: (uid: WorkloadUid) => string | undefined;
  /** Whether the node's proxy is connected: nobody waits for one that is not. */
  readonly isConnected: (node: string) => boolean;
}

/**
 * Which pods are on their way into the mesh or out of it. Those that go together keep in step: one that takes no
 * plaintext any more, while another still sends it plaintext, would refuse it under STRICT.
 */
export interface Crossing {
  /** Takes note of where pods are. */
  take(pods: EnrolmentReport['pods']): void;
  /** Resolves with true when no pod on its way is behind, with false after `timeoutMs`. */
  settled(timeoutMs: number): Promise<boolean>;
}

/** Knows of nobody yet; what nodes report of their pods is told to it. */
export function createCrossing(options: CrossingOptions): Crossing {
  const states = new Map<WorkloadUid, EnrolmentState>();
  const waiting = new Set<() => void>();

  function isSettled(): boolean {
    const wanted = new Set<WorkloadUid>();
    for (const { node, pod } of options.enrolments()) {
      wanted.add(pod.uid);
      // Nobody has talked to a new pod yet.
      if (!pod.isNew && !HAS_JOINED.has(states.get(pod.uid)) && options.isConnected(node)) return false;
    }
    for (const [uid, state] of states) {
      if (wanted.has(uid)) continue;
      const node = options.nodeOf(uid);
      if (node === undefined) states.delete(uid);
      else if (IS_INSIDE.has(state) && options.isConnected(node)) return false;
    }
    return true;
  }

  return {
    take(pods) {
      for (const { uid, state } of pods) {
        // Of one that is gone nobody asks.
        if (options.nodeOf(uid) === undefined) states.delete(uid);
        else states.set(uid, state);
      }
      for (const look of [...waiting]) look();
    },
    settled(timeoutMs) {
      if (isSettled()) return Promise.resolve(true);
      return new Promise((resolve) => {
        const finish = (result: boolean): void => {
          waiting.delete(look);
          clearTimeout(limit);
          clearInterval(again);
          resolve(result);
        };
        const look = (): void => {
          if (isSettled()) finish(true);
        };
        waiting.add(look);
        const limit = setTimeout(() => finish(false), timeoutMs);
        // A change of labels, or a proxy that goes away, is not reported by any node.
        const again = setInterval(look, LOOK_EVERY_MS);
      });
    },
  };
}

/** `failed`: it stays where it is, and nobody waits for it. */
const HAS_JOINED: ReadonlySet<EnrolmentState | undefined> = new Set(['sending', 'captured', 'failed']);
const IS_INSIDE: ReadonlySet<EnrolmentState> = new Set(['prepared', 'sending', 'captured']);
const LOOK_EVERY_MS = 250;
