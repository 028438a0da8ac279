import type {
  Backend,
  HttpRule,
  Route,
  RouteParent,
  SessionPersistence,
  StreamRule,
} from '../../model/index.ts';
import { filterText, matchText, targetText } from './rule-text.ts';
import { httpRuleProblems, type RuleKnowledge, streamRuleProblems } from './rule-problems.ts';

/** A route as people read it: what `nodemesh routes` shows, and a part of the config dump. */
export interface DumpedRoute {
  readonly kind: Route['kind'];
  readonly namespace: string;
  readonly name: string;
  /** ISO 8601; undefined when unknown. Older routes win ties. */
  readonly created: string | undefined;
  readonly parents: readonly DumpedParent[];
  /** Empty: any. */
  readonly hostnames: readonly string[];
  readonly rules: readonly DumpedRule[];
}

/** A service that the route is for. */
export interface DumpedParent {
  /** `namespace/hostname`. */
  readonly service: string;
  /** Undefined: every port. */
  readonly port: number | undefined;
  /** `producer`: for every client of the service; `consumer`: for those of the route's own namespace alone. */
  readonly role: 'producer' | 'consumer';
}

/** A rule in words, with what does not work of it. */
export interface DumpedRule {
  readonly name: string;
  /** `GET /v1* x-version=2 ?debug~.+`: a star stands for a prefix by elements, a tilde for a regular expression. */
  readonly matches: readonly string[];
  readonly filters: readonly string[];
  readonly backends: readonly DumpedBackend[];
  /** Undefined: unset. Zero: no limit. */
  readonly requestTimeoutMs: number | undefined;
  readonly backendRequestTimeoutMs: number | undefined;
  readonly retry: DumpedRetry | undefined;
  /** As `cookie session`. */
  readonly sessionPersistence: string | undefined;
  /** What of it does not work, why, and what becomes of the requests. */
  readonly problems: readonly string[];
}

/** Where a share of the requests goes. */
export interface DumpedBackend {
  /** `namespace/hostname:port`; undefined where there is none, which is one of the problems. */
  readonly target: string | undefined;
  readonly weight: number;
  readonly filters: readonly string[];
}

/** Undefined: as the TrafficPolicy says. */
export interface DumpedRetry {
  readonly attempts: number | undefined;
  readonly codes: readonly number[];
  readonly backoffMs: number | undefined;
}

/** `known`: what tells whether backends and filters are there. */
export function dumpRoute(route: Route, known: RuleKnowledge): DumpedRoute {
  const { kind, namespace, name, createdMs, parents, hostnames } = route;
  const rules =
    route.kind === 'HTTPRoute' || route.kind === 'GRPCRoute'
      ? route.rules.map((rule) => dumpHttpRule(rule, known))
      : route.rules.map(dumpStreamRule);
  return {
    kind,
    namespace,
    name,
    created: Number.isFinite(createdMs) ? new Date(createdMs).toISOString() : undefined,
    parents: parents.map((parent) => dumpParent(parent, namespace)),
    hostnames,
    rules,
  };
}

function dumpParent({ service, port }: RouteParent, namespace: string): DumpedParent {
  return { service, port, role: service.startsWith(`${namespace}/`) ? 'producer' : 'consumer' };
}

function dumpHttpRule(rule: HttpRule, known: RuleKnowledge): DumpedRule {
  const { name, retry, timeouts, sessionPersistence } = rule;
  return {
    name,
    matches: rule.matches.map(matchText),
    filters: rule.filters.map(filterText),
    backends: rule.backends.map((backend) => dumpBackend(backend, backend.filters.map(filterText))),
    requestTimeoutMs: timeouts.requestMs,
    backendRequestTimeoutMs: timeouts.backendRequestMs,
    retry: retry && { attempts: retry.attempts, codes: retry.codes, backoffMs: retry.backoffMs },
    sessionPersistence: sessionPersistence && sessionText(sessionPersistence),
    problems: httpRuleProblems(rule, known),
  };
}

function dumpStreamRule(rule: StreamRule, index: number): DumpedRule {
  return {
    name: rule.name,
    matches: [],
    filters: [],
    backends: rule.backends.map((backend) => dumpBackend(backend, [])),
    requestTimeoutMs: undefined,
    backendRequestTimeoutMs: undefined,
    retry: undefined,
    sessionPersistence: undefined,
    problems: streamRuleProblems(rule, index),
  };
}

function dumpBackend({ target, weight }: Backend, filters: readonly string[]): DumpedBackend {
  return { target: target.kind === 'service' ? targetText(target) : undefined, weight, filters };
}

function sessionText({ type, sessionName }: SessionPersistence): string {
  return sessionName === '' ? type : `${type} ${sessionName}`;
}
