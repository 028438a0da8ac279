import { isKubernetesError, type KubernetesApi } from '../../kubernetes/index.ts';
import type { ObjectStatus } from '../object-status.ts';
import { targetOf, versionsOf } from './resource-of.ts';
import { type SeenObject, statusPatch } from './status-patch.ts';

type StatusApi = Pick<KubernetesApi, 'get' | 'patch'>;

interface StatusWrite {
  readonly change: ObjectStatus;
  readonly now: string;
  readonly signal: AbortSignal | undefined;
  /** The object as it was a moment ago: that need not be read. */
  readonly seen?: SeenObject | undefined;
}

/**
 * Merges what one writer says into the object's status: read, merged, and written only if nobody has changed the object in
 * between; else from the start. An object that is gone has nothing to be said of.
 */
export async function writeStatus(api: StatusApi, write: StatusWrite): Promise<void> {
  const { change, seen } = write;
  for (const apiVersion of seen === undefined ? versionsOf(change) : [seen.apiVersion]) {
    if (await writeVersion(api, { ...write, change: { ...change, apiVersion } })) return;
  }
}

/** False: there is no such object in this version. */
async function writeVersion(api: StatusApi, { change, now, signal, seen }: StatusWrite): Promise<boolean> {
  const target = targetOf(change);
  for (let attempt = 1; ; attempt++) {
    try {
      const object = seen !== undefined && attempt === 1 ? seen : await api.get(target, { signal });
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

const MOST_ATTEMPTS = 5;
