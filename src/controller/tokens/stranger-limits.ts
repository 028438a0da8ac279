import type { Clock } from '../../base/index.ts';

/** Who may have tokens reviewed that nobody knows yet: whoever brings wrong ones soon may not. */
export interface StrangerLimits {
  /** Begins a review for whoever is at `host`; undefined: not now. What it gives is to be called with whether the token was good. */
  begin(host: string): ((good: boolean) => void) | undefined;
  /** Reviews that are under way. */
  readonly running: number;
}

/**
 * A review costs its host one of `burst` until it is over, and one that ends badly for longer: one comes back each second. A
 * host is the address that a connection comes from, which nobody can make up over TCP.
 */
export function createStrangerLimits(options: {
  /** Over all hosts, at once. */
  readonly most: number;
  /** Of one host. */
  readonly burst: number;
  readonly clock: Clock;
}): StrangerLimits {
  const { most, burst, clock } = options;
  /** What each host owes; the one that was heard last is the last. */
  const debts = new Map<string, { readonly owed: number; readonly atMs: number }>();
  let running = 0;

  function owe(host: string, more: number): void {
    const owed = debtOf(host) + more;
    debts.delete(host);
    if (owed > 0) debts.set(host, { owed, atMs: clock.monotonic() });
    const [oldest] = debts.keys();
    if (debts.size > MOST_HOSTS && oldest !== undefined) debts.delete(oldest);
  }

  function debtOf(host: string): number {
    const known = debts.get(host);
    if (known === undefined) return 0;
    return Math.max(0, known.owed - (clock.monotonic() - known.atMs) / REFILL_MS);
  }

  return {
    begin(host) {
      if (running >= most || debtOf(host) + 1 > burst) return undefined;
      running++;
      owe(host, 1);
      return (good) => {
        running--;
        if (good) owe(host, -1);
      };
    },
    get running() {
      return running;
    },
  };
}

const REFILL_MS = 1_000;
const MOST_HOSTS = 20_000;
