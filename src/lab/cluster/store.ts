import { createSignal, type Signal } from '../../base/index.ts';
import type { KindMap, KnownKind } from './objects/index.ts';
import type { KubeObject } from './objects/index.ts';

/** An object that was written or is gone. */
export interface StoreChange {
  readonly type: 'put' | 'remove';
  /** As it is now; for a removal, as it was last. */
  readonly object: KubeObject;
  readonly previous: KubeObject | undefined;
}

/** The cluster's objects in memory. The supervisor is their only writer; every reader is told of each change. */
export interface ObjectStore {
  get<K extends KnownKind>(kind: K, namespace: string, name: string): KindMap[K] | undefined;
  getAny(kind: string, namespace: string, name: string): KubeObject | undefined;
  /** All of a kind, or those of one namespace, by name. */
  list<K extends KnownKind>(kind: K, namespace?: string): readonly KindMap[K][];
  listAny(kind: string, namespace?: string): readonly KubeObject[];
  kinds(): readonly string[];
  /** Creates or replaces; sets resourceVersion and returns what was stored. */
  put<T extends KubeObject>(object: T): T;
  /** Applies `change` to the present object, if there is one; returning the same object changes nothing. */
  update<K extends KnownKind>(
    kind: K,
    namespace: string,
    name: string,
    change: (object: KindMap[K]) => KindMap[K],
  ): KindMap[K] | undefined;
  /** Takes the object away at once. Graceful deletion is the caller's business. */
  remove(kind: string, namespace: string, name: string): void;
  readonly changes: Signal<StoreChange>;
}

/** Empty. Listeners hear of a change after it is in the store, within the write. */
export function createObjectStore(): ObjectStore {
  const byKind = new Map<string, Map<string, KubeObject>>();
  const changes = createSignal<StoreChange>();
  let version = 0;
  const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`;
  const getAny = (kind: string, namespace: string, name: string): KubeObject | undefined =>
    byKind.get(kind)?.get(keyOf(namespace, name));
  const listAny = (kind: string, namespace?: string): readonly KubeObject[] => {
    const objects = [...(byKind.get(kind)?.values() ?? [])];
    return namespace === undefined ? objects : objects.filter((o) => o.metadata.namespace === namespace);
  };
  const put = <T extends KubeObject>(object: T): T => {
    let objects = byKind.get(object.kind);
    if (objects === undefined) {
      objects = new Map();
      byKind.set(object.kind, objects);
    }
    version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    const previous = objects.get(key);
    objects.set(key, stored);
    changes.emit({ type: 'put', object: stored, previous });
    return stored;
  };
  return {
    // The map is keyed by kind, and validation let in only objects of that kind's shape.
    get: (kind, namespace, name) => getAny(kind, namespace, name) as KindMap[typeof kind] | undefined,
    getAny,
    list: (kind, namespace) => listAny(kind, namespace) as readonly KindMap[typeof kind][],
    listAny,
    kinds: () => [...byKind.keys()],
    put,
    update(kind, namespace, name, change) {
      const present = getAny(kind, namespace, name) as KindMap[typeof kind] | undefined;
      if (present === undefined) return undefined;
      const changed = change(present);
      return changed === present ? present : (put(changed) as KindMap[typeof kind]);
    },
    remove(kind, namespace, name) {
      const objects = byKind.get(kind);
      const key = keyOf(namespace, name);
      const object = objects?.get(key);
      if (object === undefined) return;
      objects?.delete(key);
      changes.emit({ type: 'remove', object, previous: object });
    },
    changes,
  };
}
