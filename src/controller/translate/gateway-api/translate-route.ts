import { type Route, routeKey } from '../../../model/index.ts';
import { attachParents, type ParentLookup } from './attach-parents.ts';
import { type CheckedRoute, isSound } from './rules/check-rules.ts';
import type { ReferenceProblem } from './rules/route-problem.ts';
import { type RouteReferences, referrerOf } from './route-references.ts';
import { translateHttpRules, translateStreamRules } from './rules/route-rules.ts';
import { type RouteStatus, routeStatus } from './route-status.ts';

/** What becomes of a route. */
export interface RouteOutcome {
  /** Undefined: no service of ours has accepted it. */
  readonly route: Route | undefined;
  /** Its `parents` are empty where the route is none of our business. */
  readonly status: RouteStatus;
}

/**
 * Rules that cannot be done are dropped, backends that are not there stay as such, so that their share of the requests fails
 * and no other gets it.
 */
export function translateRoute(checked: CheckedRoute, lookup: RouteReferences & ParentLookup): RouteOutcome {
  const { object } = checked;
  const outcomes = attachParents(object, lookup);
  if (outcomes.length === 0) return { route: undefined, status: routeStatus(checked, [], []) };
  const { namespace, name, createdMs } = object.meta;
  const head = {
    key: routeKey(object.kind, namespace, name),
    namespace,
    name,
    createdMs,
    parents: isSound(checked) ? outcomes.flatMap(({ accepted }) => accepted) : [],
    hostnames: object.hostnames,
  };
  const context = { referrer: referrerOf(object), references: lookup };
  const outcome = (route: Route, problems: readonly ReferenceProblem[]): RouteOutcome => ({
    route: route.parents.length === 0 ? undefined : route,
    status: routeStatus(checked, outcomes, problems),
  });
  switch (object.kind) {
    case 'HTTPRoute':
    case 'GRPCRoute': {
      const { rules, problems } = translateHttpRules(object, checked.problems, context);
      return outcome({ ...head, kind: object.kind, rules }, problems);
    }
    case 'TCPRoute':
    case 'TLSRoute': {
      const { rules, problems } = translateStreamRules(object, context);
      return outcome({ ...head, kind: object.kind, rules }, problems);
    }
  }
}
