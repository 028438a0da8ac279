import type { HttpRoute } from '../../../model/index.ts';
import { WaypointError } from '../../errors.ts';
import { type CompiledMatch, type CompiledPath, compileMatch, type NamePart } from '../compiled-match.ts';
import type { RouteSelection } from '../route-selection.ts';

/** One match of one rule, with what is selected when it holds. */
export interface RouteEntry {
  readonly match: CompiledMatch;
  readonly selection: Extract<RouteSelection, { kind: 'rule' }>;
}

/** The entries of a route, in the order of its rules. A match that does not compile is left out and told. */
export function entriesOf(route: HttpRoute, problems: WaypointError[]): readonly RouteEntry[] {
  const entries: RouteEntry[] = [];
  for (const rule of route.rules) {
    for (const match of rule.matches) {
      try {
        entries.push({ match: compileMatch(match), selection: { kind: 'rule', route, rule, match } });
      } catch (error) {
        if (!(error instanceof WaypointError)) throw error;
        problems.push(error);
      }
    }
  }
  return entries;
}

/**
 * The order in which entries are tried, best first: Gateway API's precedence (HTTPRouteMatch, GRPCRouteMatch) but for the
 * hostname, which is looked at before. Of equal ones the first in the list wins, so the sort must be stable.
 *
 * Regular expressions, which the specification leaves open, come between exact paths and prefixes, the longest first: behind
 * the prefixes they could never win against the `/` that most tables end with. In names of gRPC methods they come behind
 * exact ones.
 */
export function compareEntries(a: RouteEntry, b: RouteEntry): number {
  return comparePaths(a.match.path, b.match.path) || compareRest(a.match, b.match) || compareRoutes(a, b);
}

function comparePaths(a: CompiledPath, b: CompiledPath): number {
  if (a.kind === 'grpc' && b.kind === 'grpc')
    return partRank(a.service) - partRank(b.service) || partRank(a.method) - partRank(b.method);
  return PATH_RANKS[a.kind] - PATH_RANKS[b.kind] || lengthOf(b) - lengthOf(a);
}

/** Names are matched whole, so that of those that hold none is longer: what counts is whether there is one. */
function partRank(part: NamePart): number {
  if (part.text === '') return 2;
  return part.kind === 'exact' ? 0 : 1;
}

function compareRest(a: CompiledMatch, b: CompiledMatch): number {
  return (
    Number(b.method !== undefined) - Number(a.method !== undefined) ||
    b.headers.length - a.headers.length ||
    b.query.length - a.query.length
  );
}

function compareRoutes(a: RouteEntry, b: RouteEntry): number {
  const [left, right] = [a.selection.route, b.selection.route];
  // Two unknown (infinite) times are equal, and their difference is not a number.
  if (left.createdMs !== right.createdMs) return left.createdMs - right.createdMs;
  return compareText(`${left.namespace}/${left.name}`, `${right.namespace}/${right.name}`);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function lengthOf(path: CompiledPath): number {
  switch (path.kind) {
    case 'exact':
    case 'prefix':
      return path.value.length;
    case 'regex':
      return path.pattern.source.length;
    case 'grpc':
      return 0;
  }
}

const PATH_RANKS = { exact: 0, regex: 1, prefix: 2, grpc: 3 } as const;
