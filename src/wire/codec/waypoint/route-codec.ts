import { create } from '@bufbuild/protobuf';
import {
  type HttpMatch,
  type HttpRule,
  type Route,
  type RouteKind,
  type RouteParent,
  routeKey,
  type ServiceKey,
  type StreamRule,
  type ValueMatch,
} from '../../../model/index.ts';
import {
  type HttpMatch as WireHttpMatch,
  HttpMatchSchema,
  type HttpRule as WireHttpRule,
  HttpRuleSchema,
  RouteKind as WireRouteKind,
  RouteParentSchema,
  RouteRetrySchema,
  type Route as WireRoute,
  RouteSchema,
  type StreamRule as WireStreamRule,
  StreamRuleSchema,
  type ValueMatch as WireValueMatch,
  ValueMatchSchema,
} from '../../generated/waypoint_route_pb.js';
import { enumTable } from '../enum-table.ts';
import { badField, decodePort, requireText } from '../field.ts';
import { decodeBackend, decodeHttpBackend, encodeBackend, encodeHttpBackend } from './backend-codec.ts';
import { decodeHttpFilter, encodeHttpFilter } from './http-filter-codec.ts';
import { decodeMs, encodeMs } from './milliseconds.ts';
import { decodeSessionPersistence, encodeSessionPersistence } from './session-persistence-codec.ts';

const KINDS = enumTable<RouteKind>({
  HTTPRoute: WireRouteKind.HTTP,
  GRPCRoute: WireRouteKind.GRPC,
  TCPRoute: WireRouteKind.TCP,
  TLSRoute: WireRouteKind.TLS,
});

/** `nodemesh.waypoint.Route`. */
export function encodeRoute(route: Route): WireRoute {
  const isHttp = route.kind === 'HTTPRoute' || route.kind === 'GRPCRoute';
  return create(RouteSchema, {
    kind: KINDS.encode(route.kind),
    namespace: route.namespace,
    name: route.name,
    createdMs: Number.isFinite(route.createdMs) ? BigInt(route.createdMs) : 0n,
    parents: route.parents.map(encodeParent),
    hostnames: [...route.hostnames],
    httpRules: isHttp ? route.rules.map(encodeHttpRule) : [],
    streamRules: isHttp ? [] : route.rules.map(encodeStreamRule),
  });
}

/** Throws ERR_WIRE_FIELD, naming the field. */
export function decodeRoute(route: WireRoute): Route {
  const kind = KINDS.decode(route.kind, 'route.kind');
  const namespace = requireText(route.namespace, 'route.namespace');
  const name = requireText(route.name, 'route.name');
  const head = {
    key: routeKey(kind, namespace, name),
    namespace,
    name,
    createdMs: route.createdMs === 0n ? Number.POSITIVE_INFINITY : Number(route.createdMs),
    parents: route.parents.map((parent, index) => decodeParent(parent, `route.parents[${index}]`)),
    hostnames: route.hostnames,
  };
  if (kind === 'HTTPRoute' || kind === 'GRPCRoute') {
    const rules = route.httpRules.map((rule, index) => decodeHttpRule(rule, `route.http_rules[${index}]`));
    return { ...head, kind, rules };
  }
  const rules = route.streamRules.map((rule, index) =>
    decodeStreamRule(rule, `route.stream_rules[${index}]`),
  );
  return { ...head, kind, rules };
}

function encodeParent({ service, port }: RouteParent) {
  return create(RouteParentSchema, { service, port: port ?? 0 });
}

function decodeParent(parent: { service: string; port: number }, path: string): RouteParent {
  const port = decodePort(parent.port, `${path}.port`);
  return {
    service: requireText(parent.service, `${path}.service`) as ServiceKey,
    port: port === 0 ? undefined : port,
  };
}

function encodeHttpRule(rule: HttpRule): WireHttpRule {
  const { requestMs, backendRequestMs } = rule.timeouts;
  const { retry, sessionPersistence: session } = rule;
  return create(HttpRuleSchema, {
    name: rule.name,
    matches: rule.matches.map(encodeMatch),
    filters: rule.filters.map(encodeHttpFilter),
    backends: rule.backends.map(encodeHttpBackend),
    requestTimeoutMs: encodeMs(requestMs),
    backendRequestTimeoutMs: encodeMs(backendRequestMs),
    retry:
      retry === undefined
        ? undefined
        : create(RouteRetrySchema, {
            attempts: retry.attempts,
            codes: [...retry.codes],
            backoffMs: encodeMs(retry.backoffMs),
          }),
    sessionPersistence: session && encodeSessionPersistence(session),
  });
}

function decodeHttpRule(rule: WireHttpRule, path: string): HttpRule {
  if (rule.matches.length === 0) throw badField(`${path}.matches`, 'expected at least one match, got none');
  const { retry, sessionPersistence } = rule;
  return {
    name: rule.name,
    matches: rule.matches.map((match, index) => decodeMatch(match, `${path}.matches[${index}]`)),
    filters: rule.filters.map((filter, index) => decodeHttpFilter(filter, `${path}.filters[${index}]`)),
    backends: rule.backends.map((backend, index) => decodeHttpBackend(backend, `${path}.backends[${index}]`)),
    timeouts: {
      requestMs: decodeMs(rule.requestTimeoutMs),
      backendRequestMs: decodeMs(rule.backendRequestTimeoutMs),
    },
    retry:
      retry === undefined
        ? undefined
        : { attempts: retry.attempts, codes: retry.codes, backoffMs: decodeMs(retry.backoffMs) },
    sessionPersistence: sessionPersistence && decodeSessionPersistence(sessionPersistence),
  };
}

function encodeStreamRule(rule: StreamRule): WireStreamRule {
  return create(StreamRuleSchema, { name: rule.name, backends: rule.backends.map(encodeBackend) });
}

function decodeStreamRule(rule: WireStreamRule, path: string): StreamRule {
  return {
    name: rule.name,
    backends: rule.backends.map((backend, index) => decodeBackend(backend, `${path}.backends[${index}]`)),
  };
}

function encodeMatch(match: HttpMatch): WireHttpMatch {
  return create(HttpMatchSchema, {
    path: encodePath(match.path),
    method: match.method ?? '',
    headers: match.headers.map(encodeValueMatch),
    query: match.query.map(encodeValueMatch),
  });
}

function encodePath(path: HttpMatch['path']) {
  switch (path.kind) {
    case 'exact':
      return { case: 'pathExact' as const, value: path.value };
    case 'prefix':
      return { case: 'pathPrefix' as const, value: path.value };
    case 'regex':
      return { case: 'pathRegex' as const, value: path.value };
    case 'grpc': {
      const { type, service, method } = path;
      return {
        case: 'grpcMethod' as const,
        value: {
          $typeName: 'nodemesh.waypoint.GrpcMethodMatch' as const,
          regex: type === 'regex',
          ...(service === undefined ? {} : { service }),
          ...(method === undefined ? {} : { method }),
        },
      };
    }
  }
}

function decodeMatch(match: WireHttpMatch, path: string): HttpMatch {
  return {
    path: decodePath(match, path),
    method: match.method === '' ? undefined : match.method,
    headers: match.headers.map(decodeValueMatch),
    query: match.query.map(decodeValueMatch),
  };
}

function decodePath({ path }: WireHttpMatch, where: string): HttpMatch['path'] {
  switch (path.case) {
    case 'pathExact':
      return { kind: 'exact', value: path.value };
    case 'pathPrefix':
      return { kind: 'prefix', value: path.value };
    case 'pathRegex':
      return { kind: 'regex', value: path.value };
    case 'grpcMethod': {
      const { regex, service, method } = path.value;
      return { kind: 'grpc', type: regex ? 'regex' : 'exact', service, method };
    }
    default:
      // A match without its path would take more requests than it was written for.
      throw badField(`${where}.path`, 'expected a kind of path match that this version knows, got none');
  }
}

function encodeValueMatch({ kind, name, value }: ValueMatch): WireValueMatch {
  return create(ValueMatchSchema, { regex: kind === 'regex', name, value });
}

function decodeValueMatch({ regex, name, value }: WireValueMatch): ValueMatch {
  return { kind: regex ? 'regex' : 'exact', name, value };
}
