import { isKubernetesError, type KubernetesApi, type KubernetesObject } from '../../kubernetes/index.ts';
import type { ObjectStatus } from '../object-status.ts';
import { targetOf, versionsOf } from './resource-of.ts';
import { statusPatch } from './status-patch.ts';

interface Look {
  readonly api: Pick<KubernetesApi, 'list'>;
  readonly now: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Those of the statuses that a write would change. A kind of which there are many is listed: one request tells of 500 objects
 * what a read tells of one. Those of other kinds, and of those that may not be listed, are told back unseen.
 */
export async function staleStatuses(
  changes: readonly ObjectStatus[],
  look: Look,
): Promise<readonly ObjectStatus[]> {
  const kinds = Map.groupBy(changes, ({ apiVersion, kind }) => `${apiVersion.split('/')[0]} ${kind}`);
  const stale = new Set<ObjectStatus>();
  for (const ofKind of kinds.values()) for (const one of await staleOfKind(ofKind, look)) stale.add(one);
  return changes.filter((change) => stale.has(change));
}

async function staleOfKind(changes: readonly ObjectStatus[], look: Look): Promise<readonly ObjectStatus[]> {
  const objects = Map.groupBy(changes, ({ namespace, name }) => `${namespace}/${name}`);
  const [first] = changes;
  if (first === undefined || objects.size < WORTH_A_LIST) return changes;
  for (const apiVersion of versionsOf(first)) {
    const stale: ObjectStatus[] = [];
    const onObject = (object: KubernetesObject): void => {
      const { namespace = '', name = '' } = object.metadata;
      for (const change of objects.get(`${namespace}/${name}`) ?? [])
        if (statusPatch(object, change, look.now) !== undefined) stale.push(change);
    };
    try {
      await listAll({ ...first, apiVersion }, look, onObject);
      return stale;
    } catch (error) {
      if (isKubernetesError(error, 'ERR_KUBERNETES_FORBIDDEN')) return changes;
      if (!isKubernetesError(error, 'ERR_KUBERNETES_NOT_FOUND')) throw error;
    }
  }
  // The kind is not served any more, and its objects are gone with it.
  return [];
}

async function listAll(
  example: ObjectStatus,
  { api, signal }: Look,
  onObject: (object: KubernetesObject) => void,
): Promise<void> {
  const { resource } = targetOf(example);
  let next: string | undefined;
  do {
    const page = await api.list({ resource }, { limit: PAGE, next, signal });
    for (const object of page.items) onObject(object);
    next = page.next;
  } while (next !== undefined);
}

/** So many reads cost no less than a list of a few pages. */
const WORTH_A_LIST = 20;
const PAGE = 500;
