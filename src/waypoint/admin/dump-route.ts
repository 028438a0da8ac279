import type {
  Backend,
  BackendTarget,
  HttpFilter,
  HttpMatch,
  HttpRule,
  Route,
  StreamRule,
  ValueMatch,
} from '../../model/index.ts';

/** A route as people read it: what `nodemesh routes` shows, and a part of the config dump. */
export interface DumpedRoute {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly parents: readonly { readonly service: string; readonly port: number | undefined }[];
  readonly hostnames: readonly string[];
  readonly rules: readonly DumpedRule[];
}

export interface DumpedRule {
  readonly name: string;
  /** `GET /v1* x-version=2 ?debug~.+`: a star stands for a prefix by elements, a tilde for a regular expression. */
  readonly matches: readonly string[];
  readonly filters: readonly string[];
  readonly backends: readonly { readonly target: string; readonly weight: number }[];
  readonly requestTimeoutMs: number | undefined;
  readonly backendRequestTimeoutMs: number | undefined;
  readonly retry: { readonly attempts: number | undefined; readonly codes: readonly number[] } | undefined;
}

export function dumpRoute(route: Route): DumpedRoute {
  const { kind, namespace, name, parents, hostnames } = route;
  const rules =
    route.kind === 'HTTPRoute' || route.kind === 'GRPCRoute'
      ? route.rules.map(dumpHttpRule)
      : route.rules.map(dumpStreamRule);
  return { kind, namespace, name, parents, hostnames, rules };
}

function dumpHttpRule(rule: HttpRule): DumpedRule {
  const { retry, timeouts } = rule;
  return {
    name: rule.name,
    matches: rule.matches.map(matchText),
    filters: rule.filters.map(filterText),
    backends: rule.backends.map(dumpBackend),
    requestTimeoutMs: timeouts.requestMs,
    backendRequestTimeoutMs: timeouts.backendRequestMs,
    retry: retry && { attempts: retry.attempts, codes: retry.codes },
  };
}

function dumpStreamRule({ name, backends }: StreamRule): DumpedRule {
  return {
    name,
    matches: [],
    filters: [],
    backends: backends.map(dumpBackend),
    requestTimeoutMs: undefined,
    backendRequestTimeoutMs: undefined,
    retry: undefined,
  };
}

function dumpBackend({ target, weight }: Backend): DumpedRule['backends'][number] {
  return { target: targetText(target), weight };
}

function targetText(target: BackendTarget): string {
  return target.kind === 'service' ? `${target.service}:${target.port}` : `invalid (${target.reason})`;
}

function matchText({ method, path, headers, query }: HttpMatch): string {
  return [
    ...(method === undefined ? [] : [method]),
    pathText(path),
    ...headers.map(valueText),
    ...query.map((match) => `?${valueText(match)}`),
  ].join(' ');
}

function pathText(path: HttpMatch['path']): string {
  switch (path.kind) {
    case 'exact':
      return path.value;
    case 'prefix':
      return `${path.value}*`;
    case 'regex':
      return `~${path.value}`;
    case 'grpc':
      return `${path.type === 'regex' ? '~' : ''}${path.service ?? '*'}/${path.method ?? '*'}`;
  }
}

function valueText({ kind, name, value }: ValueMatch): string {
  return `${name}${kind === 'regex' ? '~' : '='}${value}`;
}

function filterText(filter: HttpFilter): string {
  switch (filter.type) {
    case 'mirror':
      return `mirror ${filter.numerator}/${filter.denominator} to ${targetText(filter.backend)}`;
    case 'redirect':
      return `redirect ${filter.status}`;
    case 'extension':
      return filter.missing ? `${filter.object} (missing)` : filter.object;
    default:
      return filter.type;
  }
}
