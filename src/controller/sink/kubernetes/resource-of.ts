import { type ResourceTarget, resourceType } from '../../kubernetes/index.ts';
import { apiVersionsOf } from '../../objects/index.ts';

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

/** The version that the writer names, then the others of its group: a cluster may serve an older one alone. */
export function versionsOf({
  apiVersion,
  kind,
}: Pick<NamedObject, 'apiVersion' | 'kind'>): readonly string[] {
  const group = apiVersion.split('/')[0];
  const others = (apiVersionsOf(kind) ?? []).filter(
    (other) => other !== apiVersion && other.split('/')[0] === group,
  );
  return [apiVersion, ...others];
}

/** The rule of English, which all kinds that the mesh writes follow: policies, gateways, gatewayclasses. */
function pluralOf(kind: string): string {
  const singular = kind.toLowerCase();
  if (singular.endsWith('s')) return `${singular}es`;
  return /[^aeiou]y$/.test(singular) ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}
