import type { HttpRequest } from '../../http/index.ts';
import type { HttpMatch, HttpRoute, HttpRule, Route, Service } from '../../model/index.ts';
import { matchText } from '../admin/rule-text.ts';
import { attachedRoutes } from '../routing/lookup/attached-routes.ts';
import { compareRoutes } from '../routing/lookup/route-order.ts';
import type { RouteSelection } from '../routing/route-selection.ts';
import { createRouteTable } from '../routing/route-table.ts';

/** One rule of a route, and what became of it for a request. */
export interface RuleVerdict {
  /** `HTTPRoute shop/canary rule 2 (by-header)`. */
  readonly name: string;
  /** Its matches as `nodemesh routes` writes them. */
  readonly matches: readonly string[];
  readonly verdict: 'takes it' | 'holds, but another is more specific' | 'does not match' | 'not asked';
  /** Why not; empty for the one that takes it. */
  readonly because: string;
}

/** The routes of one service port, and the client that they are asked for. */
export interface RuleQuestion {
  readonly routes: readonly Route[];
  readonly service: Service;
  readonly port: number;
  readonly clientNamespace: string;
}

/** Why a request is taken by the rule that takes it, and by no other: each match is asked alone, by the table that routes. */
export function judgeRules(
  question: RuleQuestion,
  request: HttpRequest,
  selection: RouteSelection,
): readonly RuleVerdict[] {
  const { routes, service, port, clientNamespace } = question;
  const { producer, consumers } = attachedRoutes(routes.filter(isHttp), service, port);
  const asked = consumers.get(clientNamespace) ?? producer;
  const all = [...producer, ...[...consumers.values()].flat()].toSorted(compareRoutes);
  return all.flatMap((route) =>
    route.rules.map((rule, index): RuleVerdict => {
      const about = {
        name: `${route.kind} ${route.namespace}/${route.name} rule ${index + 1}${rule.name === '' ? '' : ` (${rule.name})`}`,
        matches: rule.matches.map(matchText),
      };
      if (!asked.includes(route))
        return { ...about, verdict: 'not asked', because: whyNotAsked(route, question) };
      if (selection.kind === 'rule' && selection.rule === rule)
        return { ...about, verdict: 'takes it', because: '' };
      const holds = rule.matches.some((match) => holdsAlone({ ...question, route, rule, match }, request));
      if (holds) {
        const because = 'a longer path, a method, or more headers win; of equal ones the older route';
        return { ...about, verdict: 'holds, but another is more specific', because };
      }
      const missed = rule.matches.map((match) => missedParts({ ...question, route, rule, match }, request));
      const because = missed.toSorted((a, b) => a.length - b.length)[0]?.join(', ') ?? '';
      return { ...about, verdict: 'does not match', because };
    }),
  );
}

function whyNotAsked(route: HttpRoute, { service, clientNamespace }: RuleQuestion): string {
  return route.namespace === service.namespace
    ? `clients of ${clientNamespace} are routed by the routes of their own namespace`
    : `it is for clients of ${route.namespace}`;
}

interface OneMatch extends RuleQuestion {
  readonly route: HttpRoute;
  readonly rule: HttpRule;
  readonly match: HttpMatch;
}

/** As if there were no other rule. */
function holdsAlone(
  { route, rule, match, service, port, clientNamespace }: OneMatch,
  request: HttpRequest,
): boolean {
  const alone: HttpRoute = { ...route, rules: [{ ...rule, matches: [match] }] };
  return createRouteTable([alone], service, port).select(request, clientNamespace).kind === 'rule';
}

/** Each part asked for itself, all others being open. */
function missedParts(one: OneMatch, request: HttpRequest): readonly string[] {
  const { route, match } = one;
  const open: HttpMatch = { path: OPEN_PATH[route.kind], method: undefined, headers: [], query: [] };
  const withoutHosts = { ...route, hostnames: [] };
  const isMissed = (part: Partial<HttpMatch>): boolean =>
    !holdsAlone({ ...one, route: withoutHosts, match: { ...open, ...part } }, request);
  if (isMissed({}))
    return [route.kind === 'GRPCRoute' ? 'the request is no gRPC' : 'gRPC goes by the GRPCRoutes alone'];
  const got = (name: string): string => request.headers.joined(name) ?? 'nothing';
  return [
    ...(holdsAlone({ ...one, match: open }, request)
      ? []
      : [`hostname: expected ${route.hostnames.join(' or ')}, got ${request.authority}`]),
    ...(isMissed({ path: match.path })
      ? [`path: expected ${matchText({ ...open, path: match.path })}, got ${request.target}`]
      : []),
    ...(isMissed({ method: match.method })
      ? [`method: expected ${match.method}, got ${request.method}`]
      : []),
    ...match.headers.flatMap((header) =>
      isMissed({ headers: [header] })
        ? [`header ${header.name}: expected ${header.value}, got ${got(header.name)}`]
        : [],
    ),
    ...match.query.flatMap((parameter) =>
      isMissed({ query: [parameter] }) ? [`query ${parameter.name}: expected ${parameter.value}`] : [],
    ),
  ];
}

const OPEN_PATH = {
  HTTPRoute: { kind: 'prefix', value: '/' },
  GRPCRoute: { kind: 'grpc', type: 'exact', service: undefined, method: undefined },
} as const;

function isHttp(route: Route): route is HttpRoute {
  return route.kind === 'HTTPRoute' || route.kind === 'GRPCRoute';
}
