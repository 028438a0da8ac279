import type { Clock } from '../../base/index.ts';
import { causeOf, MeshError } from '../../base/index.ts';
import { TunnelError } from '../errors.ts';
import { abortedError } from '../refusals.ts';

/** One attempt that any number of callers wait for; each may leave without ending it for the rest. */
export interface SharedConnect {
  /** Settles with the attempt, or rejects as soon as `signal` aborts or `withinMs` have passed; the attempt goes on. */
  wait(signal?: AbortSignal, withinMs?: number): Promise<void>;
  /** Gives the attempt up; everybody waiting is told `cause`. */
  abort(cause: Error): void;
}

/** The attempt, its deadline, and who hears that it is over, however it ended. */
export interface SharedConnectOptions {
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Should observe the signal; a result that comes too late is its own to throw away. */
  connect(signal: AbortSignal): Promise<void>;
  onSettled(): void;
}

/** Begins at once. A failure is a TunnelError, the same for all who wait; leaving early does not stop the attempt. */
export function startSharedConnect(options: SharedConnectOptions): SharedConnect {
  const controller = new AbortController();
  const given = Promise.withResolvers<never>();
  const timer = options.clock.after(options.timeoutMs, () => {
    controller.abort(timeoutError(options.timeoutMs));
  });
  controller.signal.addEventListener('abort', () => given.reject(controller.signal.reason), { once: true });
  const attempt = Promise.race([options.connect(controller.signal), given.promise])
    .catch((cause: unknown) => {
      throw connectError(cause);
    })
    .finally(() => {
      timer.cancel();
      options.onSettled();
    });
  // Nobody may be waiting (a session opened ahead of need): the next caller sees the failure of its own attempt.
  attempt.catch(() => undefined);
  return {
    wait(signal, withinMs) {
      if (withinMs === undefined) return untilAborted(attempt, signal);
      const limited = Promise.withResolvers<void>();
      const timer = options.clock.after(withinMs, () => limited.reject(timeoutError(withinMs)));
      attempt.then(limited.resolve, limited.reject);
      return untilAborted(limited.promise, signal).finally(() => timer.cancel());
    },
    abort: (cause) => controller.abort(cause),
  };
}

function untilAborted(attempt: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return attempt;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortedError(signal));
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    attempt.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function timeoutError(timeoutMs: number): TunnelError {
  return new TunnelError({
    code: 'ERR_TUNNEL_CONNECT_TIMEOUT',
    blame: 'upstream',
    message: `no session within ${timeoutMs} ms`,
    hint: 'a NetworkPolicy may be blocking the HBONE port 15008',
    retryable: true,
  });
}

/** Every waiter gets an error of its own cause chain's truth: a verdict (wrong identity) stays a verdict. */
function connectError(cause: unknown): TunnelError {
  if (cause instanceof TunnelError) return cause;
  const known = causeOf(cause, MeshError);
  return new TunnelError({
    code: 'ERR_TUNNEL_CONNECT',
    blame: 'upstream',
    message: 'no session to the peer could be opened',
    hint: known?.hint,
    retryable: known?.retryable ?? true,
    cause,
  });
}
