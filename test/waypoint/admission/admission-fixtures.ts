import {
  type AdmissionKind,
  type AdmissionObject,
  type Attachment,
  extensionKey,
  type FaultInjection,
  type Filter,
  gatewayKey,
  type HttpFilter,
  type HttpRoute,
  type HttpRule,
  type RateLimit,
  type RequestCondition,
  type RequestLimit,
  routeKey,
  serviceKey,
} from '../../../src/model/index.ts';
import type { PlanTarget } from '../../../src/waypoint/plan/plan-target.ts';
import type { RouteSelection } from '../../../src/waypoint/routing/route-selection.ts';

export const GATEWAY = gatewayKey('shop', 'waypoint');
export const ECHO = serviceKey('shop', 'echo.shop.svc.cluster.local');
export const TARGET: PlanTarget = { service: ECHO, port: 80 };
export const TO_GATEWAY: Attachment = { kind: 'gateway', gateway: GATEWAY };
export const ANY_REQUEST: RequestCondition = {
  path: undefined,
  method: undefined,
  headers: [],
  client: undefined,
};

function object(kind: AdmissionKind, over: Partial<AdmissionObject>): AdmissionObject {
  const { namespace = 'shop', name = 'a' } = over;
  return {
    key: extensionKey(kind, namespace, name),
    namespace,
    name,
    createdMs: 0,
    attachments: [TO_GATEWAY],
    ...over,
  };
}

export function makeLimit(over: Partial<RequestLimit> = {}): RequestLimit {
  const requests = over.requests ?? 10;
  return { requests, intervalMs: 1_000, burst: requests, per: [], ...over };
}

/** Of one rule for all requests, unless told otherwise; attached to the gateway. */
export function makeRateLimit(limits: readonly RequestLimit[], over: Partial<RateLimit> = {}): RateLimit {
  return {
    ...object('RateLimit', over),
    rules: [{ name: 'all', conditions: [], limits }],
    shared: undefined,
    announced: false,
    ...over,
  };
}

export function makeFault(
  rules: FaultInjection['rules'],
  over: Partial<FaultInjection> = {},
): FaultInjection {
  return { ...object('FaultInjection', over), rules, maximumActive: 1_000, ...over };
}

export function makeFilter(text: string, over: Partial<Filter> = {}): Filter {
  return {
    ...object('Filter', over),
    source: { kind: 'text', text },
    config: '{}',
    timeLimitMs: 5_000,
    memoryBytes: 64 * 1024 * 1024,
    failure: 'closed',
    body: { request: false, response: false, maximumBytes: 65_536 },
    ...over,
  };
}

/** A request that a rule with these filters takes. */
export function selectionOf(
  filters: readonly HttpFilter[],
  over: Partial<HttpRule> & { readonly route?: string } = {},
): RouteSelection {
  const { route: name = 'r', ...rest } = over;
  const rule: HttpRule = {
    name: '',
    matches: [],
    filters,
    backends: [],
    timeouts: { requestMs: undefined, backendRequestMs: undefined },
    retry: undefined,
    sessionPersistence: undefined,
    ...rest,
  };
  const route: HttpRoute = {
    key: routeKey('HTTPRoute', 'shop', name),
    kind: 'HTTPRoute',
    namespace: 'shop',
    name,
    createdMs: 0,
    parents: [],
    hostnames: [],
    rules: [rule],
  };
  const match = { path: { kind: 'prefix' as const, value: '/' }, method: undefined, headers: [], query: [] };
  return { kind: 'rule', route, rule, match };
}
