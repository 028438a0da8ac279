/** Bounds what all bodies that are kept for being sent again weigh together. */
export interface ReplayMemory {
  /** Whether there was room for so many bytes, which are then taken. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

/** `take` says no rather than wait; what was taken is given back. */
export function createReplayMemory(maximumBytes: number): ReplayMemory {
  let taken = 0;
  return {
    take(bytes) {
      if (taken + bytes > maximumBytes) return false;
      taken += bytes;
      return true;
    },
    give(bytes) {
      taken -= bytes;
    },
  };
}
