/** Everything that owns a socket, a timer or a process. Both ends are idempotent, and `destroy` may follow `close`. */
export interface Closable {
  /** Graceful: takes nothing new, lets what runs end, then resolves. */
  close(): Promise<void>;
  /** Immediate: lets go of everything now, `cause` being what those who wait are told. */
  destroy(cause?: Error): void;
}

/** Things that are closed together, the last one added first. */
export interface ClosableStack extends Closable {
  /** Takes ownership of `resource` and hands it back, so that opening and owning are one expression. */
  own<T extends Closable>(resource: T): T;
}

/** An empty stack. `close` goes on after a failure and rejects with an AggregateError of all of them. */
export function createClosableStack(): ClosableStack {
  const owned: Closable[] = [];
  return {
    own(resource) {
      owned.push(resource);
      return resource;
    },
    async close() {
      const failures: unknown[] = [];
      for (let resource = owned.pop(); resource !== undefined; resource = owned.pop()) {
        try {
          await resource.close();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'closing failed');
    },
    destroy(cause) {
      for (let resource = owned.pop(); resource !== undefined; resource = owned.pop())
        resource.destroy(cause);
    },
  };
}
