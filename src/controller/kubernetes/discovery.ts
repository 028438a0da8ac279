import { isRecord } from './kubernetes-object.ts';

/** A kind that the API server serves. */
export interface ServedResource {
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/** The resources of an APIResourceList; subresources are left out. Undefined when it is none. */
export function readResourceList(value: unknown): readonly ServedResource[] | undefined {
  if (!isRecord(value) || !Array.isArray(value.resources)) return undefined;
  return (value.resources as readonly unknown[]).flatMap((entry) => {
    const { name, kind, namespaced, verbs } = isRecord(entry) ? entry : {};
    if (typeof name !== 'string' || typeof kind !== 'string' || name.includes('/')) return [];
    const known = Array.isArray(verbs)
      ? verbs.filter((verb): verb is string => typeof verb === 'string')
      : [];
    return [{ plural: name, kind, namespaced: namespaced === true, verbs: known }];
  });
}
