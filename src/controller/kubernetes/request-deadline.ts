import type { Clock, Timer } from '../../base/index.ts';
import { KubernetesError } from './errors.ts';

/** Ends a request that takes too long, that its caller gave up or whose client is closed. */
export interface RequestDeadline {
  readonly signal: AbortSignal;
  /** The deadline counts from now again. */
  extend(): void;
  /** Must be called when the request is over. */
  end(): void;
}

/** `ms` counts anew whenever something was heard; `totalMs` does not. The caller ends it. */
export function createDeadline(options: {
  readonly what: string;
  readonly ms: number;
  /** Ends it whatever happens; default: never. */
  readonly totalMs?: number;
  readonly clock: Clock;
  readonly signals: readonly (AbortSignal | undefined)[];
}): RequestDeadline {
  const { clock, what, ms } = options;
  const controller = new AbortController();
  const stops: (() => void)[] = [];
  for (const signal of options.signals) {
    if (signal === undefined) continue;
    if (signal.aborted) controller.abort(signal.reason);
    const onAbort = (): void => controller.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    stops.push(() => signal.removeEventListener('abort', onAbort));
  }
  const late = (silentMs: number) => (): void => controller.abort(timeout(what, silentMs));
  let timer: Timer = clock.after(ms, late(ms));
  const { totalMs } = options;
  const total = totalMs === undefined ? undefined : clock.after(totalMs, late(totalMs));
  return {
    signal: controller.signal,
    extend() {
      timer.cancel();
      if (!controller.signal.aborted) timer = clock.after(ms, late(ms));
    },
    end() {
      timer.cancel();
      total?.cancel();
      for (const stop of stops) stop();
    },
  };
}

function timeout(what: string, ms: number): KubernetesError {
  return new KubernetesError({
    code: 'ERR_KUBERNETES_UNREACHABLE',
    message: `${what}: nothing came for ${ms} ms`,
    hint: 'the API server is overloaded, or the network between loses what is sent',
    retryable: true,
  });
}
