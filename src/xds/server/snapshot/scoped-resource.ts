import type { XdsResource } from '../../messages.ts';

/** A resource and who may see it. */
export interface ResourceUpsert extends XdsResource {
  /** The audiences that may see it, such as the node whose pod it is. Undefined: everybody. */
  readonly audiences?: ReadonlySet<string> | undefined;
}

/** True when a stream of this audience may see the resource. */
export function isVisible(
  resource: ResourceUpsert | undefined,
  audience: string | undefined,
): resource is ResourceUpsert {
  if (resource === undefined) return false;
  return resource.audiences === undefined || (audience !== undefined && resource.audiences.has(audience));
}
