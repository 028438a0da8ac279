import type { Clock, Logger } from '../../base/index.ts';
import type { Arrivals } from './arrivals.ts';
import { type CniService, type CniServiceDeps, createCniService } from './cni-service.ts';
import type { Memberships } from './memberships.ts';

/** What new pods are judged by. */
export interface NewPodsDeps extends Pick<CniServiceDeps, 'onAnswered' | 'hostProc'> {
  /** Of the socket. */
  readonly path: string;
  readonly node: string;
  readonly arrivals: Arrivals;
  readonly memberships: Memberships;
  /** Whether there is a controller now. */
  readonly isConnected: () => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Answers the CNI plugin by what the controller has told of this node's pods and of all namespaces. */
export function createNewPods(deps: NewPodsDeps): CniService {
  const { node, arrivals, memberships } = deps;
  return createCniService({
    ...deps,
    knowledge: {
      node,
      find: arrivals.find,
      isBystander: memberships.isBystander,
      joins: memberships.joins,
      get isTold() {
        return memberships.isKnown;
      },
      get isConnected() {
        return deps.isConnected();
      },
    },
    changes: {
      subscribe(listener) {
        const unsubscribes = [arrivals.changes, memberships.changes].map((changes) =>
          changes.subscribe(listener),
        );
        return () => {
          for (const unsubscribe of unsubscribes) unsubscribe();
        };
      },
    },
  });
}
