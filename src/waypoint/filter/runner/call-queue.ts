import type { Clock } from '../../../base/index.ts';
import type { CallOutcome } from '../process/call-table.ts';
import type { CallHead } from '../protocol/messages.ts';
import type { KeptProcess } from './kept-process.ts';
import type { ProcessKeeper } from './process-keeper.ts';

/**
 * What became of a call: what the process made of it, or why none had it. A result of another process than the call named
 * comes with the caller entered there, so that it is still there for what follows.
 */
export type QueueOutcome =
  | (Extract<CallOutcome, { readonly kind: 'result' }> & { readonly kept: KeptProcess })
  | Exclude<CallOutcome, { readonly kind: 'result' | 'not-begun' }>
  | { readonly kind: 'unavailable'; readonly message: string }
  | { readonly kind: 'overloaded' };

/** A call that waits for its process, and for how long it may run there. */
export interface QueuedCall {
  readonly head: CallHead;
  readonly body: Uint8Array;
  readonly timeLimitMs: number;
  /** The process that is to have it if it is alive. */
  readonly kept: KeptProcess | undefined;
  readonly signal: AbortSignal;
}

/** Calls on their way to the process of a filter: so many at once, further ones wait, and no more than so many. */
export interface CallQueue {
  /** Rejects with the reason of the call's signal when that aborts before the module has the call. */
  call(call: QueuedCall): Promise<QueueOutcome>;
  readonly waiting: number;
  close(): void;
}

/** Empty. Follows the keeper: when it has a problem all that wait hear of it. */
export function createCallQueue(options: {
  readonly keeper: Pick<ProcessKeeper, 'current' | 'problem' | 'changes' | 'renew'>;
  /** How many calls a process has at once. */
  readonly capacity: () => number;
  readonly clock: Clock;
}): CallQueue {
  const { keeper, capacity, clock } = options;
  const queue = new Set<Waiting>();
  const unsubscribe = keeper.changes.subscribe(() => {
    const { problem } = keeper;
    if (problem === undefined) dispatch();
    else for (const one of queue) one.settle({ kind: 'unavailable', message: problem });
  });

  function dispatch(): void {
    const { current } = keeper;
    if (current === undefined) return;
    for (const one of queue) {
      if (current.process.waiting >= capacity()) return;
      queue.delete(one);
      void run(one, current);
    }
  }

  async function run(one: Waiting, kept: KeptProcess): Promise<void> {
    const { head, body, timeLimitMs } = one.call;
    kept.enter();
    const outcome = await kept.process.call(head, body, timeLimitMs);
    if (kept.process.isWorn && kept === keeper.current) keeper.renew();
    const isTaken = outcome.kind === 'result' && kept !== one.call.kept && !one.isSettled;
    if (!isTaken) kept.leave();
    // A process that ended before the module saw the call: the next one may have it.
    if (outcome.kind === 'not-begun') wait(one);
    else if (outcome.kind === 'result') one.settle({ ...outcome, kept });
    else one.settle(outcome);
    dispatch();
  }

  function wait(one: Waiting): void {
    if (one.isSettled) return;
    const waitedMs = clock.monotonic() - one.sinceMs;
    if (keeper.problem !== undefined) one.settle({ kind: 'unavailable', message: keeper.problem });
    else if (queue.size >= MOST_WAITING || waitedMs >= LONGEST_WAIT_MS) one.settle({ kind: 'overloaded' });
    else queue.add(one);
  }

  return {
    async call(call) {
      call.signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<QueueOutcome>();
      const one: Waiting = {
        call,
        sinceMs: clock.monotonic(),
        isSettled: false,
        settle(outcome) {
          one.isSettled = true;
          queue.delete(one);
          resolve(outcome);
        },
      };
      const onAbort = (): void => {
        one.isSettled = true;
        queue.delete(one);
        reject(call.signal.reason);
      };
      call.signal.addEventListener('abort', onAbort, { once: true });
      const timer = clock.after(LONGEST_WAIT_MS, () => {
        if (queue.has(one)) one.settle({ kind: 'overloaded' });
      });
      try {
        if (call.kept?.isAlive === true) void run(one, call.kept);
        else {
          wait(one);
          dispatch();
        }
        return await promise;
      } finally {
        timer.cancel();
        call.signal.removeEventListener('abort', onAbort);
      }
    },
    get waiting() {
      return queue.size;
    },
    close() {
      unsubscribe();
      for (const one of queue) one.settle({ kind: 'unavailable', message: 'the waypoint is closing' });
    },
  };
}

interface Waiting {
  readonly call: QueuedCall;
  readonly sinceMs: number;
  isSettled: boolean;
  settle(outcome: QueueOutcome): void;
}

const MOST_WAITING = 1_024;
const LONGEST_WAIT_MS = 5_000;
