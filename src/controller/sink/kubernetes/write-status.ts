import { isDeepStrictEqual } from 'node:util';
import { mergeStatus } from '../../../model/index.ts';
import {
  isKubernetesError,
  isRecord,
  type KubernetesApi,
  type KubernetesObject,
} from '../../kubernetes/index.ts';
import { apiVersionsOf } from '../../objects/index.ts';
import type { ObjectStatus } from '../object-status.ts';
import { targetOf } from './resource-of.ts';

type StatusApi = Pick<KubernetesApi, 'get' | 'patch'>;

interface StatusWrite {
  readonly change: ObjectStatus;
  readonly now: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Merges what one writer says into the object's status: read, merged, and written only if nobody has changed the object in
 * between; else from the start. An object that is gone has nothing to be said of.
 */
export async function writeStatus(api: StatusApi, write: StatusWrite): Promise<void> {
  for (const apiVersion of versionsOf(write.change)) {
    if (await writeVersion(api, { ...write, change: { ...write.change, apiVersion } })) return;
  }
}

/** The version that the writer names, then the others of its group: a cluster may serve an older one alone. */
function versionsOf({ apiVersion, kind }: ObjectStatus): readonly string[] {
  const group = apiVersion.split('/')[0];
  const others = (apiVersionsOf(kind) ?? []).filter(
    (other) => other !== apiVersion && other.split('/')[0] === group,
  );
  return [apiVersion, ...others];
}

/** False: there is no such object in this version. */
async function writeVersion(api: StatusApi, { change, now, signal }: StatusWrite): Promise<boolean> {
  const target = targetOf(change);
  for (let attempt = 1; ; attempt++) {
    try {
      const object = await api.get(target, { signal });
      const body = statusPatch(object, change, now);
      if (body !== undefined)
        await api.patch({ ...target, subresource: 'status' }, { type: 'merge', body }, { signal });
      return true;
    } catch (error) {
      if (isKubernetesError(error, 'ERR_KUBERNETES_NOT_FOUND')) return false;
      if (!isKubernetesError(error, 'ERR_KUBERNETES_CONFLICT') || attempt === MOST_ATTEMPTS) throw error;
    }
  }
}

/** A merge patch of the members that change, good for this version of the object alone; undefined: nothing changes. */
function statusPatch(object: KubernetesObject, change: ObjectStatus, now: string): object | undefined {
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

const MOST_ATTEMPTS = 5;
