/** A typed notice to any number of listeners, delivered synchronously in the order they subscribed. */
export interface Signal<T> {
  /** Returns the unsubscribe. A listener must not throw: it would keep the notice from those behind it. */
  subscribe(listener: (notice: T) => void): () => void;
}

/** The side that gives the notices; hand out as `Signal` what others may only listen to. */
export interface SignalSource<T> extends Signal<T> {
  emit(notice: T): void;
  readonly listenerCount: number;
}

/** Without listeners. What a listener throws reaches the caller of `emit`, and those behind it are not told. */
export function createSignal<T>(): SignalSource<T> {
  const listeners = new Set<(notice: T) => void>();
  return {
    subscribe(listener) {
      // A wrapper of its own makes two subscriptions of one function two subscriptions.
      const entry = (notice: T): void => listener(notice);
      listeners.add(entry);
      return () => listeners.delete(entry);
    },
    emit(notice) {
      for (const listener of [...listeners]) listener(notice);
    },
    get listenerCount() {
      return listeners.size;
    },
  };
}
