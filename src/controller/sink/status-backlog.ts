import { objectName, type ObjectStatus } from './object-status.ts';

/** How a status is written, and how many at once. */
export interface StatusBacklogOptions {
  /** Resolves when that one stands in nobody's way any more: it is written, given up, or waits for a right. Never rejects. */
  readonly write: (change: ObjectStatus) => Promise<void>;
  /** How many are being written at once. */
  readonly atOnce: number;
}

/**
 * Statuses of which there are too many to write them at once, as when a leader takes over or a change concerns every route: few of
 * them are under way at a time, and what comes meanwhile does not wait behind them. The newest are written first.
 */
export interface StatusBacklog {
  /** In the place of what the same writer wanted to say of the same object. */
  add(change: ObjectStatus): void;
  /** Something newer is written already. */
  drop(change: ObjectStatus): void;
  clear(): void;
  /** How many wait. */
  readonly size: number;
  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void>;
}

/** Empty. Of several for one object by one writer the newest is written. */
export function createStatusBacklog({ write, atOnce }: StatusBacklogOptions): StatusBacklog {
  const changes = new Map<string, ObjectStatus>();
  const working = new Set<Promise<void>>();
  /** The newest is the last. What is not among the changes any more is passed over. */
  let order: string[] = [];

  function next(): ObjectStatus | undefined {
    for (let key = order.pop(); key !== undefined; key = order.pop()) {
      const change = changes.get(key);
      changes.delete(key);
      if (change !== undefined) return change;
    }
    return undefined;
  }

  async function work(): Promise<void> {
    // All that comes in one turn is there before the newest of it is chosen.
    await Promise.resolve();
    for (let change = next(); change !== undefined; change = next()) await write(change);
  }

  return {
    add(change) {
      const key = keyOf(change);
      if (!changes.has(key)) order.push(key);
      changes.set(key, change);
      if (order.length > 2 * changes.size + LEAST) order = [...changes.keys()];
      if (working.size >= atOnce) return;
      const worker = work().finally(() => working.delete(worker));
      working.add(worker);
    },
    drop: (change) => void changes.delete(keyOf(change)),
    clear() {
      changes.clear();
      order = [];
    },
    get size() {
      return changes.size;
    },
    async idle() {
      while (working.size > 0) await Promise.all(working);
    },
  };
}

function keyOf(change: ObjectStatus): string {
  return `${objectName(change)} ${change.writer}`;
}

const LEAST = 64;
