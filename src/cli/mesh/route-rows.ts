import type { DumpedBackend, DumpedParent, DumpedRule } from '../../waypoint/index.ts';
import { durationText, shortServiceNames } from './short-text.ts';
import type { RouteItem } from './waypoint-dumps.ts';

export const ROUTE_HEADER = [
  'WAYPOINT',
  'ROUTE',
  'SERVICES',
  'HOSTNAMES',
  'RULE',
  'MATCHES',
  'FILTERS',
  'BACKENDS',
  'TIMEOUT',
  'RETRIES',
];

/** A row for each rule; of a cell all lines. */
export function routeRows(route: RouteItem): readonly (readonly (readonly string[])[])[] {
  const head = [
    [route.waypoint],
    [`${route.kind} ${route.namespace}/${route.name}`],
    route.parents.map((parent) => parentText(parent, route.namespace)),
    route.hostnames.length === 0 ? ['*'] : route.hostnames,
  ];
  return route.rules.map((rule, index) => [
    ...head,
    [ruleName(rule, index)],
    rule.matches.length === 0 ? ['*'] : rule.matches,
    filterLines(rule),
    backendLines(rule.backends),
    [timeoutText(rule)],
    [retryText(rule)],
  ]);
}

/** What does not work of a route, a sentence each. */
export function routeProblems({ kind, namespace, name, rules }: RouteItem): readonly string[] {
  return rules.flatMap((rule, index) =>
    rule.problems.map((problem) => `${kind} ${namespace}/${name}, rule ${ruleName(rule, index)}: ${problem}`),
  );
}

function ruleName({ name }: DumpedRule, index: number): string {
  return name === '' ? String(index + 1) : name;
}

/** Clients elsewhere do not see a consumer route: its service says so. */
function parentText({ service, port, role }: DumpedParent, namespace: string): string {
  const at = `${shortServiceNames(service)}${port === undefined ? '' : `:${port}`}`;
  return role === 'consumer' ? `${at} from ${namespace}` : at;
}

function filterLines({ filters, backends, sessionPersistence }: DumpedRule): readonly string[] {
  return [
    ...filters.map(shortServiceNames),
    ...backends.flatMap((backend) =>
      backend.filters.map((filter) => `at ${targetText(backend)}: ${shortServiceNames(filter)}`),
    ),
    ...(sessionPersistence === undefined ? [] : [`session by ${sessionPersistence}`]),
  ];
}

function backendLines(backends: readonly DumpedBackend[]): readonly string[] {
  const total = backends.reduce((sum, { weight }) => sum + weight, 0);
  return backends.map((backend) => {
    const share = total === 0 ? 0 : Number(((backend.weight * 100) / total).toFixed(1));
    return backends.length === 1 && total > 0 ? targetText(backend) : `${targetText(backend)} ${share}%`;
  });
}

function targetText({ target }: DumpedBackend): string {
  return target === undefined ? 'nowhere' : shortServiceNames(target);
}

function timeoutText({ requestTimeoutMs, backendRequestTimeoutMs }: DumpedRule): string {
  if (requestTimeoutMs === undefined && backendRequestTimeoutMs === undefined) return '';
  const text = (limitMs: number | undefined): string =>
    limitMs === undefined ? '-' : limitMs === 0 ? 'none' : durationText(limitMs);
  return backendRequestTimeoutMs === undefined
    ? text(requestTimeoutMs)
    : `${text(requestTimeoutMs)}, each try ${text(backendRequestTimeoutMs)}`;
}

function retryText({ retry }: DumpedRule): string {
  if (retry === undefined) return '';
  const attempts = retry.attempts === undefined ? 'default' : String(retry.attempts);
  return retry.codes.length === 0 ? attempts : `${attempts} on ${retry.codes.join(',')}`;
}
