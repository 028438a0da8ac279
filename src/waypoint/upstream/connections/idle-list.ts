/** Connections that nobody uses, the one that was used longest ago first. */
export interface IdleList {
  add(connection: IdleConnection): void;
  delete(connection: IdleConnection): void;
  /** Closes the one that was used longest ago; false when there is none. */
  closeOldest(): boolean;
  readonly size: number;
}

/** A connection that can be told to go. */
export interface IdleConnection {
  retire(): void;
}

/** Holds at most `limit`: one more closes the oldest. */
export function createIdleList(limit: number): IdleList {
  const idle = new Set<IdleConnection>();
  const list: IdleList = {
    add(connection) {
      idle.delete(connection);
      idle.add(connection);
      if (idle.size > limit) list.closeOldest();
    },
    delete: (connection) => void idle.delete(connection),
    closeOldest() {
      for (const oldest of idle) {
        idle.delete(oldest);
        oldest.retire();
        return true;
      }
      return false;
    },
    get size() {
      return idle.size;
    },
  };
  return list;
}
