import type { RequestContext } from '../request/request-context.ts';
import { type Holding, type HoldingObjects, HOLDS_NONE } from './holding-objects.ts';

/** Where a layer stands: before the route, for all that holds for a request; or behind it, for what its backend names. */
export type HoldingPlace = 'request' | 'backend';

/** Behind the route it leaves out what has held before it: nothing counts a request twice. */
export function holdingAt<T>(
  place: HoldingPlace,
  objects: HoldingObjects<T>,
  context: Pick<RequestContext, 'route' | 'backendFilters'>,
): Holding<T> {
  if (place === 'request') return objects.of(context.route());
  const { backendFilters } = context;
  if (backendFilters.length === 0) return HOLDS_NONE;
  const selection = context.route();
  const named = objects.namedBy(backendFilters, selection);
  if (named.objects.length === 0) return named;
  // What holds for the request anyway has had its turn.
  const before = objects.of(selection).objects;
  return { ...named, objects: named.objects.filter((one) => !before.includes(one)) };
}
