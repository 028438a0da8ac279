import { type ApiObject, ApiStatus, isJson, type Json } from '../api-object.ts';
import { mergePatch } from './patch.ts';

/** Who wrote which fields of an object: manager → paths of leaves. Lists belong to somebody as a whole. */
export type FieldOwners = Map<string, Set<string>>;

/** Server-side apply: fields of others are a conflict unless forced; what was applied before and no longer is goes. */
export function applyPatch(
  before: ApiObject | undefined,
  patch: ApiObject,
  how: { readonly owners: FieldOwners; readonly manager: string; readonly force: boolean },
): ApiObject {
  const { owners, manager, force } = how;
  const wanted = leavesOf(patch);
  const current = before === undefined ? new Map<string, unknown>() : leavesOf(before);
  const contested = [...wanted].flatMap(([path, value]) => {
    if (JSON.stringify(current.get(path)) === JSON.stringify(value)) return [];
    return [...owners]
      .filter(([name, paths]) => name !== manager && paths.has(path))
      .map(([name]) => ({ name, path }));
  });
  if (contested.length > 0 && !force) {
    const text = contested.map(({ name, path }) => `conflict with "${name}": ${path}`).join(', ');
    throw new ApiStatus(409, 'Conflict', `Apply failed with ${contested.length} conflict: ${text}`);
  }
  let result: unknown = before ?? {};
  for (const path of owners.get(manager) ?? []) {
    const isShared = [...owners].some(([name, paths]) => name !== manager && paths.has(path));
    if (!wanted.has(path) && !isShared) result = without(result, path.split('\0'));
  }
  for (const { name, path } of contested) owners.get(name)?.delete(path);
  owners.set(manager, new Set(wanted.keys()));
  return mergePatch(result, keepAdditions(result, patch)) as ApiObject;
}

/** Lists of webhooks are merged by name, as those of all named things are by an API server: what others added to one stays. */
function keepAdditions(before: unknown, patch: ApiObject): ApiObject {
  const known = isJson(before) && Array.isArray(before.webhooks) ? before.webhooks.filter(isJson) : [];
  if (!Array.isArray(patch.webhooks) || known.length === 0) return patch;
  const webhooks = patch.webhooks
    .filter(isJson)
    .map((webhook) => mergePatch(known.find(({ name }) => name === webhook.name) ?? {}, webhook));
  return { ...patch, webhooks };
}

/** After any other write: what changed belongs to the writer. */
export function ownChanged(
  owners: FieldOwners,
  manager: string,
  change: { readonly before: ApiObject | undefined; readonly after: ApiObject },
): void {
  const before = change.before === undefined ? new Map<string, unknown>() : leavesOf(change.before);
  const after = leavesOf(change.after);
  const mine = owners.get(manager) ?? new Set<string>();
  for (const [path, value] of after) {
    if (JSON.stringify(before.get(path)) === JSON.stringify(value)) continue;
    for (const paths of owners.values()) paths.delete(path);
    mine.add(path);
  }
  for (const paths of [...owners.values(), mine])
    for (const path of paths) if (!after.has(path)) paths.delete(path);
  owners.set(manager, mine);
}

/** What `metadata.managedFields` shows. */
export function managedFields(owners: FieldOwners, apiVersion: string): readonly Json[] {
  return [...owners].map(([manager, paths]) => {
    const fieldsV1: Record<string, unknown> = {};
    for (const path of paths) {
      let at = fieldsV1;
      for (const key of path.split('\0')) {
        const next = (at[`f:${key}`] ?? {}) as Record<string, unknown>;
        at[`f:${key}`] = next;
        at = next;
      }
    }
    return { manager, operation: 'Apply', apiVersion, fieldsType: 'FieldsV1', fieldsV1 };
  });
}

function leavesOf(object: ApiObject): ReadonlyMap<string, unknown> {
  const leaves = new Map<string, unknown>();
  const visit = (value: unknown, path: string): void => {
    if (isJson(value) && Object.keys(value).length > 0)
      for (const [key, inner] of Object.entries(value)) visit(inner, path === '' ? key : `${path}\0${key}`);
    else leaves.set(path, value);
  };
  const { metadata, apiVersion: _version, kind: _kind, ...rest } = object;
  visit(rest, '');
  leaves.delete('');
  const { labels, annotations, ownerReferences } = metadata;
  for (const [key, value] of Object.entries({ labels, annotations, ownerReferences }))
    if (value !== undefined) visit(value, `metadata\0${key}`);
  return leaves;
}

function without(value: unknown, [key = '', ...rest]: readonly string[]): unknown {
  if (!isJson(value)) return value;
  const { [key]: inner, ...others } = value;
  if (rest.length === 0 || inner === undefined) return others;
  return { ...others, [key]: without(inner, rest) };
}
