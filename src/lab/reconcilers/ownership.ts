import type { KnownKind, KindMap, KubeObject, OwnerReference } from '../cluster/objects/index.ts';
import type { ObjectStore } from '../cluster/index.ts';

function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(({ controller }) => controller === true);
}

/** The objects of a kind that `owner` controls. */
export function ownedBy<K extends KnownKind>(
  store: ObjectStore,
  kind: K,
  owner: KubeObject,
): readonly KindMap[K][] {
  return store
    .list(kind, owner.metadata.namespace)
    .filter((object) => controllerOf(object)?.uid === owner.metadata.uid);
}

/** The key of the owner, when it is of that kind. */
export function ownerKeys(object: KubeObject, kind: KnownKind): readonly string[] {
  const owner = controllerOf(object);
  return owner?.kind === kind ? [`${object.metadata.namespace}/${owner.name}`] : [];
}
