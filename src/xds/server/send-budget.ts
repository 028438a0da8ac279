/**
 * Bounds the bytes of responses that sockets have not taken yet, over all streams: after a restart every proxy asks
 * for everything at once. A response is let through while less than the limit is under way, so that the bound is the
 * limit plus one response.
 */
export interface SendBudget {
  readonly bytesUnderWay: number;
  readonly open: boolean;
  /** Counts `bytes` until the returned release is called. */
  take(bytes: number): () => void;
  /** Runs `action` once, when the budget is open again. Returns the cancel. */
  whenOpen(action: () => void): () => void;
}

/** Nothing is under way. What `take` returns gives the bytes back, once. */
export function createSendBudget(limitBytes: number): SendBudget {
  const waiting = new Set<() => void>();
  let bytesUnderWay = 0;
  const budget: SendBudget = {
    get bytesUnderWay() {
      return bytesUnderWay;
    },
    get open() {
      return bytesUnderWay < limitBytes;
    },
    take(bytes) {
      bytesUnderWay += bytes;
      let taken = true;
      return () => {
        if (!taken) return;
        taken = false;
        bytesUnderWay -= bytes;
        for (const action of waiting) {
          if (!budget.open) break;
          waiting.delete(action);
          action();
        }
      };
    },
    whenOpen(action) {
      waiting.add(action);
      return () => waiting.delete(action);
    },
  };
  return budget;
}
