/** How many writes are under way at once. */
export interface WriteSlots {
  /** Runs `work` when there is room, in the order of the calls. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** `count` writes at most: a controller that takes over has thousands of things to look after. */
export function createWriteSlots(count: number): WriteSlots {
  const waiting: (() => void)[] = [];
  let free = count;
  return {
    async run(work) {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
