import { isKubernetesError, type KubernetesApi, type KubernetesObject } from '../../kubernetes/index.ts';
import type { ObjectStatus } from '../object-status.ts';
import { targetOf, versionsOf } from './resource-of.ts';
import { type SeenObject, seenObject, statusPatch } from './status-patch.ts';

interface Look {
  readonly api: Pick<KubernetesApi, 'list'>;
  readonly now: string;
  readonly signal: AbortSignal | undefined;
}

/** Each with its object as it was seen; undefined: it was not looked at. */
export type StaleStatuses = ReadonlyMap<ObjectStatus, SeenObject | undefined>;

/**
 * Those of the statuses that a write would change, in the order given. A kind of which there are many is listed: one request
 * tells of 500 objects what a read tells of one. Those of other kinds, and of those that cannot be listed, are told back
 * unseen.
 */
export async function staleStatuses(changes: readonly ObjectStatus[], look: Look): Promise<StaleStatuses> {
  const kinds = Map.groupBy(changes, ({ apiVersion, kind }) => `${apiVersion.split('/')[0]} ${kind}`);
  const found = new Map<ObjectStatus, SeenObject | undefined>();
  for (const ofKind of kinds.values())
    for (const [change, object] of await staleOfKind(ofKind, look)) found.set(change, object);
  return new Map(
    changes.filter((change) => found.has(change)).map((change) => [change, found.get(change)] as const),
  );
}

async function staleOfKind(changes: readonly ObjectStatus[], look: Look): Promise<StaleStatuses> {
  const unseen = new Map(changes.map((change) => [change, undefined]));
  const objects = Map.groupBy(changes, ({ namespace, name }) => `${namespace}/${name}`);
  const [first] = changes;
  if (first === undefined || objects.size < WORTH_A_LIST) return unseen;
  for (const apiVersion of versionsOf(first)) {
    const stale = new Map<ObjectStatus, SeenObject>();
    const onObject = (object: KubernetesObject): void => {
      const { namespace = '', name = '' } = object.metadata;
      for (const change of objects.get(`${namespace}/${name}`) ?? [])
        if (statusPatch(object, change, look.now) !== undefined)
          stale.set(change, seenObject(object, apiVersion));
    };
    try {
      return (await listAll({ ...first, apiVersion }, look, onObject)) ? stale : unseen;
    } catch (error) {
      if (isKubernetesError(error, 'ERR_KUBERNETES_FORBIDDEN')) return unseen;
      if (!isKubernetesError(error, 'ERR_KUBERNETES_NOT_FOUND')) throw error;
    }
  }
  // The kind is not served any more, and its objects are gone with it.
  return new Map();
}

/** False: there was no end to it. */
async function listAll(
  example: ObjectStatus,
  { api, signal }: Look,
  onObject: (object: KubernetesObject) => void,
): Promise<boolean> {
  const { resource } = targetOf(example);
  let next: string | undefined;
  for (let count = 0; count < MOST_PAGES; count++) {
    const page = await api.list({ resource }, { limit: PAGE, next, signal });
    for (const object of page.items) onObject(object);
    next = page.next;
    if (next === undefined) return true;
  }
  return false;
}

/** So many reads cost no less than a list of a few pages. */
const WORTH_A_LIST = 20;
const PAGE = 500;
const MOST_PAGES = 1_000;
