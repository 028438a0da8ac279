import {
  type HttpBackend,
  type HttpMatch,
  type HttpRoute,
  type HttpRule,
  routeKey,
  type Service,
  type ServiceKey,
  serviceKey,
  type ValueMatch,
} from '../../../src/model/index.ts';
import { keyOf, makeService } from '../../model/mesh-fixtures.ts';

export const echo = makeService({ name: 'echo' });

/** Any request, unless told otherwise. */
export function makeMatch(over: Partial<HttpMatch> = {}): HttpMatch {
  return { path: { kind: 'prefix', value: '/' }, method: undefined, headers: [], query: [], ...over };
}

export const exact = (value: string): HttpMatch['path'] => ({ kind: 'exact', value });
export const prefix = (value: string): HttpMatch['path'] => ({ kind: 'prefix', value });
export const regex = (value: string): HttpMatch['path'] => ({ kind: 'regex', value });

/** A gRPC method, each part exact. */
export function grpc(service: string | undefined, method: string | undefined): HttpMatch['path'] {
  return { kind: 'grpc', type: 'exact', service, method };
}

export function value(name: string, text: string, kind: ValueMatch['kind'] = 'exact'): ValueMatch {
  return { kind, name, value: text };
}

/** A rule that takes everything and has no backend, unless told otherwise. */
export function makeRule(over: Partial<HttpRule> = {}): HttpRule {
  return {
    name: '',
    matches: [makeMatch()],
    filters: [],
    backends: [],
    timeouts: { requestMs: undefined, backendRequestMs: undefined },
    retry: undefined,
    sessionPersistence: undefined,
    ...over,
  };
}

/** A producer route of the service `echo`, on all ports. */
export function makeRoute(
  over: Partial<Omit<HttpRoute, 'key'>> & { readonly service?: Service } = {},
): HttpRoute {
  const { service = echo, ...rest } = over;
  const [kind, namespace, name] = [rest.kind ?? 'HTTPRoute', rest.namespace ?? 'shop', rest.name ?? 'route'];
  return {
    createdMs: 0,
    parents: [{ service: keyOf(service), port: undefined }],
    hostnames: [],
    rules: [makeRule()],
    ...rest,
    kind,
    namespace,
    name,
    key: routeKey(kind, namespace, name),
  };
}

/** A service of `shop` as a backend, on port 8080. */
export function backend(name: string, weight = 1, over: Partial<HttpBackend> = {}): HttpBackend {
  return {
    weight,
    target: { kind: 'service', service: shopService(name), port: 8080 },
    filters: [],
    ...over,
  };
}

export function shopService(name: string): ServiceKey {
  return serviceKey('shop', `${name}.shop.svc.cluster.local`);
}
