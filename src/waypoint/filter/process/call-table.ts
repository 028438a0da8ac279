import type { Clock, Timer } from '../../../base/index.ts';

/** What has become of a call. */
export type CallOutcome =
  | { readonly kind: 'result'; readonly head: unknown; readonly body: Uint8Array }
  /** The module threw, or gave what makes no sense. */
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'timed-out' }
  /** The process ended while the module had the call. */
  | { readonly kind: 'crashed' }
  /** The module has never seen it. */
  | { readonly kind: 'not-begun' };

/** The calls that a process has and has not answered. Their time runs from when the module gets them. */
export interface CallTable {
  /** Takes a call in; resolves with what becomes of it. */
  add(timeLimitMs: number): { readonly id: number; readonly outcome: Promise<CallOutcome> };
  began(id: number): boolean;
  /** False: there is no such call, nor was there. */
  settle(id: number, outcome: CallOutcome): boolean;
  /** The process is gone. */
  settleAll(): void;
  /** Calls that somebody waits for. */
  readonly waiting: number;
  /** Resolves when there are none. */
  idle(): Promise<void>;
  /** Calls that nobody waits for any more, and that the module still has. */
  readonly abandoned: number;
}

/** `onTimeout`: the time of a call is up, and the module may be in an endless loop. */
export function createCallTable(clock: Clock, onTimeout: (timeLimitMs: number) => void): CallTable {
  const calls = new Map<number, Call>();
  const abandoned = new Set<number>();
  const idle = new Set<() => void>();
  let lastId = 0;

  function take(id: number): Call | undefined {
    const call = calls.get(id);
    call?.timer?.cancel();
    calls.delete(id);
    if (calls.size === 0) {
      for (const resolve of idle) resolve();
      idle.clear();
    }
    return call;
  }

  return {
    add(timeLimitMs) {
      lastId = (lastId % LARGEST_ID) + 1;
      const id = lastId;
      const { promise, resolve } = Promise.withResolvers<CallOutcome>();
      calls.set(id, { timeLimitMs, timer: undefined, resolve });
      return { id, outcome: promise };
    },
    began(id) {
      const call = calls.get(id);
      if (call === undefined || call.timer !== undefined) return false;
      call.timer = clock.after(call.timeLimitMs, () => {
        take(id)?.resolve({ kind: 'timed-out' });
        abandoned.add(id);
        onTimeout(call.timeLimitMs);
      });
      return true;
    },
    settle(id, outcome) {
      const call = take(id);
      call?.resolve(outcome);
      return call !== undefined || abandoned.delete(id);
    },
    settleAll() {
      for (const [id, { timer }] of calls)
        take(id)?.resolve({ kind: timer === undefined ? 'not-begun' : 'crashed' });
      abandoned.clear();
    },
    get waiting() {
      return calls.size;
    },
    idle: () => (calls.size === 0 ? Promise.resolve() : new Promise((resolve) => idle.add(resolve))),
    get abandoned() {
      return abandoned.size;
    },
  };
}

interface Call {
  readonly timeLimitMs: number;
  /** Runs while the module has the call. */
  timer: Timer | undefined;
  resolve(outcome: CallOutcome): void;
}

const LARGEST_ID = 0xffff_ffff;
