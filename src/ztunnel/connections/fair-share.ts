import { ZtunnelError } from '../errors.ts';

/** One pod's part of what the process can carry. */
export interface PodShare {
  /** Takes room for one connection; the release may be called more than once. Throws ERR_ZTUNNEL_POD_SHARE. */
  take(): () => void;
}

/** The connections that a process can carry, shared among its pods so that none can starve another. */
export interface FairShare {
  readonly used: number;
  readonly capacity: number;
  pod(name: string): PodShare;
}

/**
 * A pod may hold as many connections as this many times what is free. One greedy pod gets two thirds of everything,
 * two get two fifths each, and there is always room left for who comes next; who holds little is never refused.
 */
const FREE_SHARE = 2;

/** `capacity`: connections that the process has descriptors for, all pods together. */
export function createFairShare(capacity: number): FairShare {
  /** By pod; both of a pod's directions count together, and so do two proxies of it while one takes over. */
  const held = new Map<string, number>();
  let used = 0;
  return {
    get used() {
      return used;
    },
    capacity,
    pod: (name) => ({
      take() {
        const own = held.get(name) ?? 0;
        if (own >= FREE_SHARE * (capacity - used)) throw exhausted(name, own, capacity);
        held.set(name, own + 1);
        used += 1;
        let taken = true;
        return () => {
          if (!taken) return;
          taken = false;
          used -= 1;
          const left = (held.get(name) ?? 0) - 1;
          if (left > 0) held.set(name, left);
          else held.delete(name);
        };
      },
    }),
  };
}

function exhausted(name: string, own: number, capacity: number): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_POD_SHARE',
    blame: 'downstream',
    message: `${name} holds ${own} connections, its share of the ${capacity} that this proxy can carry`,
    hint: 'raise the limit of open files (LimitNOFILE) of the ztunnel, or find out who opens so many',
  });
}
