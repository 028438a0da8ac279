import { isDeepStrictEqual } from 'node:util';
import { mergeStatus } from '../../../model/index.ts';
import { isRecord, type KubernetesObject } from '../../kubernetes/index.ts';
import type { ObjectStatus } from '../object-status.ts';

/** What a patch of its status depends on. */
export type SeenObject = Pick<KubernetesObject, 'metadata'> & {
  /** In which it was seen. */
  readonly apiVersion: string;
  readonly status?: unknown;
};

/** No more of the object than is needed, which may be kept for a while. */
export function seenObject({ metadata, status }: KubernetesObject, apiVersion: string): SeenObject {
  const { resourceVersion } = metadata;
  return { apiVersion, metadata: resourceVersion === undefined ? {} : { resourceVersion }, status };
}

/** A merge patch of the members that change, good for this version of the object alone; undefined: nothing changes. */
export function statusPatch(object: KubernetesObject, change: ObjectStatus, now: string): object | undefined {
  const { conditions = [], withdrawnConditions = [], lists = {}, fields = {} } = change;
  const before = isRecord(object.status) ? object.status : {};
  const merged = mergeStatus(before, { conditions, withdrawnConditions, lists, fields }, now);
  if (merged === before || !isRecord(merged)) return undefined;
  const status: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(merged)])) {
    if (!isDeepStrictEqual(before[name], merged[name])) status[name] = replacing(before[name], merged[name]);
  }
  return { metadata: { resourceVersion: object.metadata.resourceVersion }, status };
}

/** A merge patch leaves members of an object alone that it does not name: those that are to go are named. */
function replacing(before: unknown, after: unknown): unknown {
  if (after === undefined) return null;
  if (!isRecord(before) || !isRecord(after)) return after;
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  const kept = Object.entries(after).map(([name, value]) => [name, replacing(before[name], value)] as const);
  return Object.fromEntries([...kept, ...gone.map((name) => [name, null] as const)]);
}
