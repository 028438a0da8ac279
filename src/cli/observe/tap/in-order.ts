/** Puts what several sources tell, each a little late, into the order of time. */
export interface InOrder<T> {
  push(items: readonly T[]): void;
  /** Hands on what is held, and ends: what comes afterwards is dropped. */
  end(): void;
}

/** How long, and how many, items may wait for earlier ones. */
export interface InOrderOptions<T> {
  onItem(item: T): void;
  /** How long each item is held for those that happened before it; default 600 ms, in which a proxy tells twice. */
  readonly holdMs?: number;
  /** Items held; more are handed on at once. Default 10,000. */
  readonly most?: number;
}

/** Items with the same time stay as they came. What comes later than `holdMs` behind the others is handed on late. */
export function createInOrder<T extends { readonly atMs: number }>(options: InOrderOptions<T>): InOrder<T> {
  const { onItem, holdMs = 600, most = 10_000 } = options;
  let held: { readonly item: T; readonly dueMs: number }[] = [];
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;

  /** Everything up to the latest of those that have waited long enough. */
  function release(nowMs: number): void {
    timer = undefined;
    const due = held.filter(({ dueMs }) => dueMs <= nowMs);
    const until = due.reduce((latest, { item }) => Math.max(latest, item.atMs), Number.NEGATIVE_INFINITY);
    const { true: ready = [], false: rest = [] } = Object.groupBy(held, ({ item, dueMs }) =>
      dueMs <= nowMs || item.atMs <= until ? 'true' : 'false',
    );
    held = rest;
    for (const { item } of ready.toSorted((a, b) => a.item.atMs - b.item.atMs)) onItem(item);
    const [next] = held;
    if (next !== undefined && !isOver) timer = setTimeout(tick, Math.max(1, next.dueMs - performance.now()));
  }

  function tick(): void {
    release(performance.now());
  }

  return {
    push(items) {
      if (isOver) return;
      const dueMs = performance.now() + holdMs;
      for (const item of items) held.push({ item, dueMs });
      if (held.length > most) {
        clearTimeout(timer);
        release(Number.POSITIVE_INFINITY);
      } else if (held.length > 0) timer ??= setTimeout(tick, holdMs);
    },
    end() {
      isOver = true;
      clearTimeout(timer);
      release(Number.POSITIVE_INFINITY);
    },
  };
}
