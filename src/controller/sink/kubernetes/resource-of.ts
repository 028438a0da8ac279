import { type ResourceTarget, resourceType } from '../../kubernetes/index.ts';

/** An object as a sink is told of it; an empty namespace: its kind has none. */
export interface NamedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Where the object is at the API server. */
export function targetOf({ apiVersion, kind, namespace, name }: NamedObject): ResourceTarget {
  const namespaced = namespace !== '';
  return {
    resource: resourceType(apiVersion, pluralOf(kind), namespaced),
    ...(namespaced ? { namespace } : {}),
    name,
  };
}

/** Kubernetes' own rule for kinds, which all that the mesh writes follow. */
function pluralOf(kind: string): string {
  const singular = kind.toLowerCase();
  if (singular.endsWith('s')) return `${singular}es`;
  return singular.endsWith('y') ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}
