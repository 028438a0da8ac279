import type { Clock, Timer } from '../../base/index.ts';
import { KubernetesError } from './errors.ts';

/** How much may be asked of an API server. */
export interface RequestLimits {
  /** Requests that are under way at once; watches do not count. Default 32. */
  readonly inFlight: number;
  /** Per second, on average. Default 50. */
  readonly perSecond: number;
  /** At once after a quiet time. Default 100. */
  readonly burst: number;
  /** Those that wait for their turn; more are refused. Default 2,000. */
  readonly waiting: number;
}

/** Keeps what we ask of the API server within bounds, so that nothing we do wrong becomes its problem. */
export interface RequestGate {
  /** Waits for a turn. The function that it resolves with gives the place back. Rejects with ERR_KUBERNETES_THROTTLED. */
  enter(signal: AbortSignal | undefined): Promise<() => void>;
  /** Everybody who waits is refused. */
  close(): void;
}

/** Begins with a full burst. Closing refuses those that wait. */
export function createRequestGate(limits: RequestLimits, clock: Clock): RequestGate {
  const waiting = new Set<{ readonly go: () => void; readonly refuse: (error: unknown) => void }>();
  let inFlight = 0;
  let tokens = limits.burst;
  let filledMs = clock.monotonic();
  let timer: Timer | undefined;
  let closed = false;

  function admit(): void {
    const nowMs = clock.monotonic();
    tokens = Math.min(limits.burst, tokens + ((nowMs - filledMs) * limits.perSecond) / 1000);
    filledMs = nowMs;
    for (const next of waiting) {
      if (inFlight >= limits.inFlight || tokens < 1) break;
      waiting.delete(next);
      inFlight++;
      tokens--;
      next.go();
    }
    if (waiting.size === 0 || inFlight >= limits.inFlight || timer !== undefined) return;
    timer = clock.after(Math.max(1, ((1 - tokens) * 1000) / limits.perSecond), () => {
      timer = undefined;
      admit();
    });
  }

  function leave(): () => void {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      inFlight--;
      admit();
    };
  }

  return {
    enter(signal) {
      return new Promise((resolve, reject) => {
        if (closed || waiting.size >= limits.waiting) return reject(refusal(closed));
        if (signal?.aborted === true) return reject(signal.reason);
        const onAbort = (): void => entry.refuse(signal?.reason);
        const entry = {
          go: () => {
            signal?.removeEventListener('abort', onAbort);
            resolve(leave());
          },
          refuse: (error: unknown) => {
            signal?.removeEventListener('abort', onAbort);
            waiting.delete(entry);
            reject(error);
          },
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        waiting.add(entry);
        admit();
      });
    },
    close() {
      closed = true;
      timer?.cancel();
      for (const entry of [...waiting]) entry.refuse(refusal(true));
    },
  };
}

function refusal(closed: boolean): KubernetesError {
  return new KubernetesError({
    code: 'ERR_KUBERNETES_THROTTLED',
    blame: 'local',
    message: closed
      ? 'the client of the API server is closed'
      : 'too many requests wait for their turn at the API server',
    retryable: !closed,
  });
}

/** A request that had not got its turn by its deadline: of the API server that says nothing. */
export function notAsked(what: string, ms: number, cause: unknown): KubernetesError {
  return new KubernetesError({
    code: 'ERR_KUBERNETES_THROTTLED',
    blame: 'local',
    message: `${what}: its turn did not come within ${ms} ms`,
    hint: 'too many requests wait for their turn at the API server',
    retryable: true,
    cause,
  });
}
