import type { ParentReference, ReferenceGrantObject, RouteObject } from '../../objects/index.ts';
import type { ServiceFacts } from './service-facts.ts';

/** What a route's references lead to. */
export interface RouteReferences {
  service(namespace: string, name: string): ServiceFacts | undefined;
  /** Grants of a namespace that name the route's kind and namespace. */
  grants(namespace: string): readonly ReferenceGrantObject[];
  /** One of our own objects in the route's namespace. */
  hasExtension(kind: ExtensionKind, name: string): boolean;
}

/** Kinds of the group nodemesh.io that a filter of type ExtensionRef may name. */
export const EXTENSION_KINDS = ['Filter', 'RateLimit', 'FaultInjection'] as const;

/** A name in EXTENSION_KINDS. */
export type ExtensionKind = (typeof EXTENSION_KINDS)[number];

/** The route as the one who refers to something. */
export interface Referrer {
  readonly kind: RouteObject['kind'];
  readonly namespace: string;
  /**
   * `<namespace>/<name>` of the one Service that is all that the route is for. What is sent to it may be sent on to it
   * without anybody's leave, wherever the route lies.
   */
  readonly onlyParent: string | undefined;
  /** Whether Services of other namespaces are among those that the route is for, or are all of them. */
  readonly foreignParents: 'none' | 'some' | 'all';
}

/** With the service that it is for, where it is for one alone. */
export function referrerOf(object: RouteObject): Referrer {
  const { namespace } = object.meta;
  const parents = object.parentRefs.filter(isServiceReference);
  const services = new Set(parents.map((parent) => `${parent.namespace ?? namespace}/${parent.name}`));
  const [first] = services;
  const onlyParent = services.size === 1 ? first : undefined;
  return { kind: object.kind, namespace, onlyParent, foreignParents: foreignParentsOf(object) };
}

/** A route is a consumer route to Services of other namespaces. */
export function foreignParentsOf({
  meta: { namespace },
  parentRefs,
}: Pick<RouteObject, 'meta' | 'parentRefs'>): Referrer['foreignParents'] {
  const parents = parentRefs.filter(isServiceReference);
  const foreign = parents.filter((parent) => (parent.namespace ?? namespace) !== namespace);
  if (foreign.length === 0) return 'none';
  return foreign.length === parents.length ? 'all' : 'some';
}

/** `core` is how some people write Kubernetes' own group. */
export function isServiceReference({ group, kind }: Pick<ParentReference, 'group' | 'kind'>): boolean {
  return (group === '' || group === 'core') && kind === 'Service';
}

/** Under which a grant is looked up: who is let in, by kind and namespace, into which namespace. */
export function grantSlot(into: string, from: { readonly kind: string; readonly namespace: string }): string {
  return `${into}|${from.kind}|${from.namespace}`;
}

/** The slots of a grant: those of its `from` that are routes. */
export function grantSlots(grant: ReferenceGrantObject): readonly string[] {
  return grant.from
    .filter(({ group }) => group === 'gateway.networking.k8s.io')
    .map((from) => grantSlot(grant.meta.namespace, from));
}

/** Whether a Service may be referred to, given the grants for whoever refers. */
export function isGranted(grants: readonly ReferenceGrantObject[], name: string): boolean {
  return grants.some(({ to }) =>
    to.some(
      (target) =>
        target.group === '' &&
        target.kind === 'Service' &&
        (target.name === undefined || target.name === name),
    ),
  );
}
