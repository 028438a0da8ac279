import type { Fields, Json } from '../../src/cli/install/objects/manifest.ts';

/**
 * What makes `base` into `wanted` when it is applied as Kubernetes' strategic merge patch: undefined when they are the
 * same. Lists of named things are patched entry by entry, others replaced.
 */
export function strategicPatch(base: Json, wanted: Json, field = ''): Json | undefined {
  if (JSON.stringify(base) === JSON.stringify(wanted)) return undefined;
  if (isFields(base) && isFields(wanted)) return patchFields(base, wanted);
  const key = MERGE_KEYS[field];
  return key !== undefined && isList(base) && isList(wanted) ? patchList(base, wanted, key) : wanted;
}

function patchFields(base: Fields, wanted: Fields): Fields {
  const patch: Record<string, Json> = {};
  for (const name of new Set([...Object.keys(base), ...Object.keys(wanted)])) {
    const before = base[name];
    const after = wanted[name];
    if (after === undefined) patch[name] = null;
    else if (before === undefined) patch[name] = after;
    else {
      const change = strategicPatch(before, after, name);
      if (change !== undefined) patch[name] = change;
    }
  }
  return patch;
}

function patchList(base: readonly Json[], wanted: readonly Json[], key: string): readonly Json[] {
  const keyOf = (entry: Json): Json | undefined => (isFields(entry) ? entry[key] : undefined);
  const gone = base
    .filter((entry) => !wanted.some((candidate) => keyOf(candidate) === keyOf(entry)))
    .map((entry): Json => ({ $patch: 'delete', [key]: keyOf(entry) ?? null }));
  const entries = wanted.map((entry) => {
    const before = base.find((candidate) => keyOf(candidate) === keyOf(entry));
    if (before === undefined) return { patch: entry, changes: true };
    const change = strategicPatch(before, entry) as Fields | undefined;
    return { patch: { [key]: keyOf(entry) ?? null, ...change }, changes: change !== undefined };
  });
  // Those of a patch come first, so what stands before one that changes is named too: in another order they would be other pods.
  const last = entries.findLastIndex(({ changes }) => changes);
  return [...entries.slice(0, last + 1).map(({ patch }): Json => patch), ...gone];
}

function isFields(value: Json): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** By which member the entries of a list are told apart (patchMergeKey of Kubernetes' API). */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  env: 'name',
  volumeMounts: 'mountPath',
  volumes: 'name',
};
