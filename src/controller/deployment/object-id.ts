import type { MeshCollections } from '../collections/index.ts';
import type { ObjectMeta } from '../objects/index.ts';
import type { ObjectManifest } from '../sink/index.ts';

/** The kinds of what is written that are read too. */
export function readKinds(
  objects: MeshCollections['objects'],
): readonly (readonly [string, { values(): Iterable<{ readonly meta: ObjectMeta }> }])[] {
  return [
    ['Deployment', objects.deployments],
    ['Service', objects.services],
    ['ServiceAccount', objects.serviceAccounts],
    ['ConfigMap', objects.configMaps],
  ];
}

/** Names an object of a waypoint. */
export interface ObjectId {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string };
  /** `namespace/name`. */
  readonly key: string;
  readonly text: string;
}

/** Of an object that is to be written. */
export function manifestId({ apiVersion, kind, metadata: { namespace, name } }: ObjectManifest): ObjectId {
  const key = `${namespace}/${name}`;
  return { apiVersion, kind, metadata: { namespace, name }, key, text: `${kind} ${key}` };
}

/** Of one of `readKinds`, by `namespace/name`. */
export function idOfKey(kind: string, key: string): ObjectId {
  const [namespace = '', name = ''] = key.split('/');
  const apiVersion = kind === 'Deployment' ? 'apps/v1' : 'v1';
  return { apiVersion, kind, metadata: { namespace, name }, key, text: `${kind} ${key}` };
}
