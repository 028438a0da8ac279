import { type ApiObject, ApiStatus } from '../api-object.ts';

/** One change, as etcd remembers it. */
export interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** `pods`. */
  readonly resource: string;
  readonly key: string;
  /** As it is now; of a deletion, as it was last, with the version of the deletion. */
  readonly object: ApiObject;
  readonly before: ApiObject | undefined;
}

/** Objects with one line of resource versions, as etcd keeps them. */
export interface ObjectStore {
  readonly version: number;
  /** Changes of a kind up to this version are no longer remembered. */
  oldest(resource: string): number;
  get(resource: string, key: string): ApiObject | undefined;
  list(resource: string): readonly ApiObject[];
  /** As it was at a version. Throws 410 where that is forgotten. */
  listAt(resource: string, version: number): readonly ApiObject[];
  /** Everything after a version. Throws 410 likewise. */
  changesAfter(resource: string, version: number): readonly Change[];
  put(resource: string, key: string, object: ApiObject): ApiObject;
  remove(resource: string, key: string): ApiObject | undefined;
  /** The kind is gone, and nobody is told. */
  forget(resource: string): void;
  /** Forgets what happened until now. */
  compact(): void;
  /** As after a restore of a backup: everything gets a new version, and what happened before is forgotten. */
  renumber(base: number): void;
  subscribe(listener: (change: Change) => void): () => void;
}

export function createObjectStore(base = 1_000_000): ObjectStore {
  const kinds = new Map<string, Map<string, ApiObject>>();
  const listeners = new Set<(change: Change) => void>();
  let changes: Change[] = [];
  let version = base;
  let oldest = base;
  /** Of kinds that were served anew. */
  const begun = new Map<string, number>();

  const kind = (resource: string): Map<string, ApiObject> => {
    const known = kinds.get(resource) ?? new Map<string, ApiObject>();
    kinds.set(resource, known);
    return known;
  };
  const stamped = (object: ApiObject): ApiObject => ({
    ...object,
    metadata: { ...object.metadata, resourceVersion: String(version) },
  });
  const tell = (change: Change): void => {
    changes.push(change);
    if (changes.length > REMEMBERED) oldest = changes.splice(0, REMEMBERED / 2).at(-1)?.version ?? oldest;
    for (const listener of [...listeners]) listener(change);
  };
  const sorted = (objects: ReadonlyMap<string, ApiObject>): readonly ApiObject[] =>
    [...objects].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, object]) => object);
  const after = (resource: string, wanted: number): readonly Change[] => {
    const first = Math.max(oldest, begun.get(resource) ?? 0);
    if (wanted < first) throw new ApiStatus(410, 'Expired', `too old resource version: ${wanted} (${first})`);
    return changes.filter((change) => change.version > wanted && change.resource === resource);
  };

  return {
    get version() {
      return version;
    },
    oldest: (resource) => Math.max(oldest, begun.get(resource) ?? 0),
    get: (resource, key) => kinds.get(resource)?.get(key),
    list: (resource) => sorted(kind(resource)),
    listAt(resource, wanted) {
      const then = new Map(kind(resource));
      for (const { key, before } of [...after(resource, wanted)].reverse()) {
        if (before === undefined) then.delete(key);
        else then.set(key, before);
      }
      return sorted(then);
    },
    changesAfter: after,
    put(resource, key, object) {
      const before = kind(resource).get(key);
      version++;
      const now = stamped(object);
      kind(resource).set(key, now);
      tell({
        version,
        type: before === undefined ? 'ADDED' : 'MODIFIED',
        resource,
        key,
        object: now,
        before,
      });
      return now;
    },
    remove(resource, key) {
      const before = kind(resource).get(key);
      if (before === undefined) return undefined;
      version++;
      kind(resource).delete(key);
      const object = stamped(before);
      tell({ version, type: 'DELETED', resource, key, object, before });
      return object;
    },
    forget(resource) {
      kinds.delete(resource);
      changes = changes.filter((change) => change.resource !== resource);
      version++;
      begun.set(resource, version);
    },
    compact() {
      changes = [];
      oldest = version;
    },
    renumber(base) {
      version = base;
      begun.clear();
      for (const objects of kinds.values()) {
        for (const [key, object] of objects) {
          version++;
          objects.set(key, stamped(object));
        }
      }
      changes = [];
      oldest = version;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const REMEMBERED = 20_000;
