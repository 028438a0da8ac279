/**
 * Lays a user's wishes over an object, as Kubernetes merges patches: objects member by member, lists of named things
 * entry by entry, other lists and values as a whole; null takes a member away.
 */
export function overlay(base: unknown, wish: unknown, field = ''): unknown {
  if (isRecord(base) && isRecord(wish)) {
    const merged: Record<string, unknown> = { ...base };
    for (const [name, value] of Object.entries(wish)) {
      if (value === null) delete merged[name];
      else merged[name] = overlay(merged[name], value, name);
    }
    return merged;
  }
  const key = MERGE_KEYS[field];
  if (key !== undefined && Array.isArray(base) && Array.isArray(wish)) return mergeEntries(base, wish, key);
  return wish;
}

function mergeEntries(base: readonly unknown[], wish: readonly unknown[], key: string): readonly unknown[] {
  const keyOf = (entry: unknown): unknown => (isRecord(entry) ? entry[key] : undefined);
  const merged = base.map((entry) => {
    const change = wish.find((candidate) => keyOf(candidate) === keyOf(entry));
    return change === undefined ? entry : overlay(entry, change);
  });
  const known = new Set(base.map(keyOf));
  return [...merged, ...wish.filter((entry) => !known.has(keyOf(entry)))];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** By which member the entries of a list are told apart (the patchMergeKey of Kubernetes' API). */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  volumes: 'name',
  env: 'name',
  volumeMounts: 'mountPath',
};
