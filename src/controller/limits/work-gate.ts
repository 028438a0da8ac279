/** How much runs, and how much waits. */
export interface WorkGateOptions {
  /** How many works run at once. */
  readonly concurrency: number;
  /** How many wait, over all callers. */
  readonly maxWaiting: number;
  /** How many of one caller wait. */
  readonly maxWaitingPerCaller: number;
}

/** Lets a few works run at once. Those that wait take turns by caller, so that one with many does not hold up the others. */
export interface WorkGate {
  /**
   * Runs `work` when it is its turn. Undefined: there is no room to wait, and it will not be run. Rejects with the signal's
   * reason where that aborts before its turn, and else as `work` does.
   */
  run<T>(caller: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> | undefined;
  readonly running: number;
  readonly waiting: number;
}

interface Turn {
  readonly signal: AbortSignal;
  start(): void;
}

/** Who would have to wait beyond the limits is refused at once. */
export function createWorkGate({ concurrency, maxWaiting, maxWaitingPerCaller }: WorkGateOptions): WorkGate {
  /** By caller; the caller whose turn is next is the first. */
  const lines = new Map<string, Turn[]>();
  let running = 0;
  let waiting = 0;

  const next = (): void => {
    while (running < concurrency) {
      const [first] = lines;
      if (first === undefined) return;
      const [caller, line] = first;
      const turn = line.shift();
      lines.delete(caller);
      if (line.length > 0) lines.set(caller, line);
      waiting -= 1;
      turn?.start();
    }
  };
  const execute = async <T>(work: () => Promise<T>): Promise<T> => {
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      next();
    }
  };
  const leave = (caller: string, turn: Turn): boolean => {
    const line = lines.get(caller);
    const index = line?.indexOf(turn) ?? -1;
    if (line === undefined || index === -1) return false;
    line.splice(index, 1);
    if (line.length === 0) lines.delete(caller);
    waiting -= 1;
    return true;
  };

  return {
    run(caller, signal, work) {
      if (running < concurrency) return execute(work);
      const line = lines.get(caller) ?? [];
      if (waiting >= maxWaiting || line.length >= maxWaitingPerCaller) return undefined;
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          if (leave(caller, turn)) reject(signal.reason);
        };
        const turn: Turn = {
          signal,
          start() {
            signal.removeEventListener('abort', onAbort);
            execute(work).then(resolve, reject);
          },
        };
        signal.addEventListener('abort', onAbort, { once: true });
        line.push(turn);
        lines.set(caller, line);
        waiting += 1;
      });
    },
    get running() {
      return running;
    },
    get waiting() {
      return waiting;
    },
  };
}
