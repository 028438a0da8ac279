/** Requests and failures of the last while, in slots, so that old ones fall out bit by bit. */
export interface FailureWindow {
  add(failed: boolean, nowMs: number, windowMs: number): void;
  counts(nowMs: number, windowMs: number): { readonly requests: number; readonly failures: number };
  clear(): void;
}

/** Empty. Another length of the window begins anew. */
export function createFailureWindow(): FailureWindow {
  const requests = new Float64Array(SLOTS);
  const failures = new Float64Array(SLOTS);
  let current = Number.NEGATIVE_INFINITY;
  let slotMs = 0;

  function clear(): void {
    requests.fill(0);
    failures.fill(0);
  }

  /** Moves on to the slot of `nowMs` and empties those that it passes. */
  function advance(nowMs: number, windowMs: number): number {
    if (slotMs !== windowMs / SLOTS) {
      slotMs = windowMs / SLOTS;
      current = Number.NEGATIVE_INFINITY;
    }
    const slot = Math.floor(nowMs / slotMs);
    if (slot - current >= SLOTS) clear();
    else
      for (let passed = current + 1; passed <= slot; passed++) {
        requests[passed % SLOTS] = 0;
        failures[passed % SLOTS] = 0;
      }
    current = Math.max(current, slot);
    return current % SLOTS;
  }

  return {
    add(failed, nowMs, windowMs) {
      const slot = advance(nowMs, windowMs);
      requests[slot] = (requests[slot] ?? 0) + 1;
      if (failed) failures[slot] = (failures[slot] ?? 0) + 1;
    },
    counts(nowMs, windowMs) {
      advance(nowMs, windowMs);
      return { requests: sum(requests), failures: sum(failures) };
    },
    clear,
  };
}

function sum(numbers: Float64Array): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}

const SLOTS = 10;
