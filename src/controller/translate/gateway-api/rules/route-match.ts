import type { HttpMatch, PathMatch, ValueMatch } from '../../../../model/index.ts';
import type {
  GrpcMethodMatch,
  GrpcRouteMatchFields,
  HttpRouteMatchFields,
  NamedMatch,
} from '../../../objects/index.ts';

/** Without any match in the object there is one that everything meets. */
export function translateHttpMatches(matches: readonly HttpRouteMatchFields[]): readonly HttpMatch[] {
  if (matches.length === 0) return [{ ...ANY, path: { kind: 'prefix', value: '/' } }];
  return matches.map(({ path, method, headers, queryParams }) => ({
    path: { kind: PATH_KINDS[path.type], value: path.value },
    method,
    headers: translateHeaders(headers),
    query: queryParams.map(({ type, name, value }) => ({ kind: VALUE_KINDS[type], name, value })),
  }));
}

/** Without any match in the object there is one that every gRPC request meets. */
export function translateGrpcMatches(matches: readonly GrpcRouteMatchFields[]): readonly HttpMatch[] {
  if (matches.length === 0) return [{ ...ANY, path: translateMethod(undefined) }];
  return matches.map(({ method, headers }) => ({
    ...ANY,
    path: translateMethod(method),
    headers: translateHeaders(headers),
  }));
}

function translateMethod(match: GrpcMethodMatch | undefined): PathMatch {
  return {
    kind: 'grpc',
    type: match === undefined ? 'exact' : VALUE_KINDS[match.type],
    // An expression that is empty says nothing.
    service: match?.service || undefined,
    method: match?.method || undefined,
  };
}

/** Of several matches on one header only the first counts (HTTPHeaderMatch, name). */
function translateHeaders(headers: readonly NamedMatch[]): readonly ValueMatch[] {
  const byName = new Map<string, ValueMatch>();
  for (const { type, name, value } of headers) {
    const lower = name.toLowerCase();
    if (!byName.has(lower)) byName.set(lower, { kind: VALUE_KINDS[type], name: lower, value });
  }
  return [...byName.values()];
}

const ANY = { method: undefined, headers: [], query: [] };
const PATH_KINDS = { Exact: 'exact', PathPrefix: 'prefix', RegularExpression: 'regex' } as const;
const VALUE_KINDS = { Exact: 'exact', RegularExpression: 'regex' } as const;
