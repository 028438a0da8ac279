import { serviceObject } from '../../controller/support/mesh-of.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface RouteDocument extends Json {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly parentRefs: readonly Json[]; readonly rules?: readonly Json[] };
}

export function isRoute(value: unknown): value is RouteDocument {
  return /^(HTTP|GRPC|TCP|TLS)Route$/.test(String((value as Json).kind));
}

/** Services with all ports that routes name, and one more that is plain TCP. */
export function servicesFor(documents: readonly unknown[]): readonly object[] {
  const ports = new Map<string, Set<number>>();
  for (const route of documents.filter(isRoute)) {
    const references = [...referencesIn(route.spec)].filter(
      ({ group = '', kind = 'Service', name }) => group === '' && kind === 'Service' && name !== undefined,
    );
    for (const { namespace = route.metadata.namespace, name, port = 80 } of references) {
      const key = `${String(namespace)}/${String(name)}`;
      ports.set(key, (ports.get(key) ?? new Set([34000])).add(Number(port)));
    }
  }
  return [...ports].map(([key, numbers]) => {
    const [namespace = '', name = ''] = key.split('/');
    return serviceObject(namespace, name, [...numbers]);
  });
}

/** Everything that refers to something: parents, backends, mirrors. */
function* referencesIn(value: unknown): Generator<Json> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    const list: readonly unknown[] = Array.isArray(member) ? member : [member];
    if (name === 'backendRefs' || name === 'backendRef') yield* list as readonly Json[];
    if (name === 'parentRefs') yield* (list as readonly Json[]).filter(({ kind }) => kind === 'Service');
    for (const item of list) yield* referencesIn(item);
  }
}

/** The route with a Service of its own namespace in the place of its Gateways. */
export function movedTo(service: string, route: RouteDocument): RouteDocument {
  return { ...route, spec: { ...route.spec, parentRefs: [{ group: '', kind: 'Service', name: service }] } };
}
