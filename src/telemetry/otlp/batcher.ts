import type { Clock, Closable, Timer } from '../../base/index.ts';

/** What has become of what was to be exported. */
export interface ExportCounts {
  readonly exported: number;
  /** There was no room left to wait in. */
  readonly dropped: number;
  /** The collector did not take it. */
  readonly failed: number;
}

/** Gathers what is to be exported and sends it in batches, one at a time. `close` sends what waits, for a limited time. */
export interface Batcher<T> extends Closable {
  /** Never waits: what has no room is dropped and counted. */
  add(item: T): void;
  readonly counts: ExportCounts;
}

/** How batches are sent, and how long things may take and wait. */
export interface BatcherOptions<T> {
  readonly clock: Clock;
  /** Resolves with whether all of it was taken. May reject, and may never settle. */
  send(items: readonly T[]): Promise<boolean>;
  /** How many may wait. Default 4,096. */
  readonly maximumWaiting?: number;
  /** How many go at once. Default 512. */
  readonly maximumBatch?: number;
  /** How long the first of a batch waits for more, in milliseconds. Default 1,000. */
  readonly gatherMs?: number;
  /** After this long a batch is given up, in milliseconds. Default 12,000. */
  readonly sendMs?: number;
  /** How long `close` sends what still waits, in milliseconds. Default 2,000. */
  readonly closeMs?: number;
}

/** Begins with the first item. What comes while too many wait is dropped, and counted. */
export function createBatcher<T>(options: BatcherOptions<T>): Batcher<T> {
  const { clock, send, maximumWaiting = 4_096, maximumBatch = 512, gatherMs = 1_000 } = options;
  const { sendMs = 12_000, closeMs = 2_000 } = options;
  const counts = { exported: 0, dropped: 0, failed: 0 };
  let waiting: T[] = [];
  let timer: Timer | undefined;
  let sending: Promise<void> | undefined;
  let closed = false;

  async function sendBatch(): Promise<void> {
    const batch = waiting.slice(0, maximumBatch);
    waiting = waiting.slice(maximumBatch);
    const taken = await withinLimit(send, batch, { clock, limitMs: sendMs });
    counts[taken ? 'exported' : 'failed'] += batch.length;
  }

  function startSending(): void {
    timer?.cancel();
    timer = undefined;
    if (sending !== undefined || waiting.length === 0) return;
    sending = sendBatch().finally(() => {
      sending = undefined;
      schedule();
    });
  }

  function schedule(): void {
    if (waiting.length >= maximumBatch || (closed && waiting.length > 0)) startSending();
    else if (waiting.length > 0) timer ??= clock.after(gatherMs, startSending);
  }

  function drop(): void {
    counts.dropped += waiting.length;
    waiting = [];
    timer?.cancel();
    timer = undefined;
  }

  return {
    counts,
    add(item) {
      if (closed || waiting.length >= maximumWaiting) {
        counts.dropped += 1;
        return;
      }
      waiting.push(item);
      if (sending === undefined) schedule();
    },
    async close() {
      closed = true;
      let limit: Timer | undefined;
      const over = new Promise<void>((resolve) => {
        limit = clock.after(closeMs, resolve);
      });
      const emptied = (async () => {
        startSending();
        while (sending !== undefined) await sending;
      })();
      await Promise.race([emptied, over]);
      limit?.cancel();
      drop();
    },
    destroy() {
      closed = true;
      drop();
    },
  };
}

/** An exporter that hangs must not stop the others behind it for ever. Never rejects. */
function withinLimit<T>(
  send: (items: readonly T[]) => Promise<boolean>,
  batch: readonly T[],
  { clock, limitMs }: { readonly clock: Clock; readonly limitMs: number },
): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.after(limitMs, () => resolve(false));
    const settle = (taken: boolean): void => {
      timer.cancel();
      resolve(taken);
    };
    send(batch).then(settle, () => settle(false));
  });
}
