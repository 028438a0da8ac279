import { ControllerError } from '../../errors.ts';
import {
  describeTarget,
  isKubernetesError,
  type KubernetesApi,
  type KubernetesObject,
  type ResourceTarget,
} from '../../kubernetes/index.ts';
import { APPLIED, type ObjectManifest, type ObjectReference } from '../object-manifest.ts';
import { targetOf } from './resource-of.ts';

type ObjectApi = Pick<KubernetesApi, 'get' | 'patch' | 'delete'>;

/**
 * Server-side apply as the mesh's field manager. One that is there must be ours, and still the one that was looked at;
 * where there is none, nobody's fields are taken, should somebody be quicker.
 */
export async function applyOwned(
  api: ObjectApi,
  manifest: ObjectManifest,
  signal: AbortSignal | undefined,
): Promise<void> {
  const target = locate(manifest);
  const present = await find(api, target, signal);
  if (present !== undefined) requireOwned(present, target);
  const version = present?.metadata.resourceVersion;
  const metadata =
    version === undefined ? manifest.metadata : { ...manifest.metadata, resourceVersion: version };
  await api.patch(
    target,
    { type: 'apply', body: { ...manifest, metadata }, force: present !== undefined },
    { signal },
  );
}

/** Without effect when it is gone. */
export async function deleteOwned(
  api: ObjectApi,
  object: ObjectReference,
  signal: AbortSignal | undefined,
): Promise<void> {
  const target = locate(object);
  const present = await find(api, target, signal);
  if (present === undefined) return;
  requireOwned(present, target);
  try {
    await api.delete(target, { uid: present.metadata.uid, propagation: 'Background', signal });
  } catch (error) {
    if (!isKubernetesError(error, 'ERR_KUBERNETES_NOT_FOUND')) throw error;
  }
}

function locate({ apiVersion, kind, metadata: { namespace, name } }: ObjectReference): ResourceTarget {
  return targetOf({ apiVersion, kind, namespace, name });
}

async function find(
  api: ObjectApi,
  target: ResourceTarget,
  signal: AbortSignal | undefined,
): Promise<KubernetesObject | undefined> {
  try {
    return await api.get(target, { signal });
  } catch (error) {
    if (isKubernetesError(error, 'ERR_KUBERNETES_NOT_FOUND')) return undefined;
    throw error;
  }
}

function requireOwned({ metadata }: KubernetesObject, target: ResourceTarget): void {
  if (metadata.annotations?.[APPLIED] !== undefined) return;
  throw new ControllerError({
    code: 'ERR_CONTROLLER_SINK',
    blame: 'downstream',
    message: `${describeTarget(target)} is not the mesh's to change: it has no annotation ${APPLIED}`,
    hint: 'delete it, or let the Gateway have its objects under another name',
  });
}
