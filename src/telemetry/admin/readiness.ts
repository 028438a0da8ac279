import type { AdminRoute } from './route.ts';

/** What must be there before this process may be given work. Ready when nothing is pending. */
export interface Readiness {
  readonly ready: boolean;
  /** Names of what is waited for, in the order they were declared. */
  readonly pending: readonly string[];
  /** Declares one more thing to wait for, at the start or at any later time; returns what says that it is there. */
  waitFor(name: string): () => void;
}

/** Ready until something is declared: declare everything before the readiness server listens. */
export function createReadiness(): Readiness {
  const waiting = new Set<{ readonly name: string }>();
  return {
    get ready() {
      return waiting.size === 0;
    },
    get pending() {
      return [...waiting].map((entry) => entry.name);
    },
    waitFor(name) {
      const entry = { name };
      waiting.add(entry);
      return () => waiting.delete(entry);
    },
  };
}

/** `/healthz/ready`: 200 `ready`, or 500 `not ready, pending: a, b`. */
export function readinessRoute(readiness: Readiness): AdminRoute {
  return {
    method: 'GET',
    path: '/healthz/ready',
    summary: 'whether this process is ready, and what it waits for',
    handle() {
      if (readiness.ready) return { body: 'ready\n' };
      return { status: 500, body: `not ready, pending: ${readiness.pending.join(', ')}\n` };
    },
  };
}
