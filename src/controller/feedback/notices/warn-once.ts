import type { ObjectNotice, SinkQueue } from '../../sink/index.ts';

type Named = Pick<ObjectNotice, 'kind' | 'namespace' | 'name'>;
type Said = Pick<ObjectNotice, 'reason' | 'message'>;

/** Warning events on objects, each told when it comes up and not again while it stays the same. */
export interface Warnings {
  /** Undefined: nothing is wrong with it (any more). */
  tell(about: Named, warning: Said | undefined): void;
  /** The object is gone. */
  forget(about: Named): void;
}

/** Nothing was told yet; after a restart each warning is told once more, and counts up the Event that is there. */
export function createWarnings(sink: Pick<SinkQueue, 'recordEvent'>): Warnings {
  const told = new Map<string, string>();
  return {
    tell({ kind, namespace, name }, warning) {
      const key = `${kind}/${namespace}/${name}`;
      if (warning === undefined) {
        told.delete(key);
        return;
      }
      const { reason, message } = warning;
      if (told.get(key) === message) return;
      told.set(key, message);
      sink.recordEvent({ kind, namespace, name, type: 'Warning', reason, message });
    },
    forget: ({ kind, namespace, name }) => void told.delete(`${kind}/${namespace}/${name}`),
  };
}
