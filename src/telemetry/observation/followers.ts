import type { ConnectionView, RefusalView, RequestView } from '../../model/index.ts';

/** Who wants to know at once. What is absent is not followed. Called within the work that is watched: to be quick, and not to throw. */
export interface Follower {
  refused?(refusal: RefusalView): void;
  connectionOpened?(connection: ConnectionView): void;
  connectionClosed?(
    connection: ConnectionView,
    end: { readonly closedMs: number; readonly error: string },
  ): void;
  requestEnded?(request: RequestView): void;
}

/** All who follow, as one. */
export interface Followers extends Required<Follower> {
  /** Whether anybody wants connections or requests, for which views have to be made. */
  readonly isFollowed: boolean;
  /** Returns what ends it. */
  add(follower: Follower): () => void;
}

/** Nobody follows. `add` returns what ends the following. */
export function createFollowers(): Followers {
  const all = new Set<Follower>();
  let makers = 0;
  return {
    get isFollowed() {
      return makers > 0;
    },
    add(follower) {
      const cost = follower.connectionOpened ?? follower.connectionClosed ?? follower.requestEnded;
      const added = cost === undefined ? 0 : 1;
      all.add(follower);
      makers += added;
      return () => {
        if (all.delete(follower)) makers -= added;
      };
    },
    refused(refusal) {
      for (const follower of all) follower.refused?.(refusal);
    },
    connectionOpened(connection) {
      for (const follower of all) follower.connectionOpened?.(connection);
    },
    connectionClosed(connection, end) {
      for (const follower of all) follower.connectionClosed?.(connection, end);
    },
    requestEnded(request) {
      for (const follower of all) follower.requestEnded?.(request);
    },
  };
}
