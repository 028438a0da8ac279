import type { HttpRoute } from '../../../model/index.ts';
import { WaypointError } from '../../errors.ts';
import { type CompiledMatch, compileMatch } from '../compiled-match.ts';
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
