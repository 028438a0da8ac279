import type { Route } from '../../../model/index.ts';

/** Gateway API: of equal routes the older comes first, then the first by `<namespace>/<name>`. */
export function compareRoutes(a: Route, b: Route): number {
  // Two unknown (infinite) times are equal, and their difference is not a number.
  if (a.createdMs !== b.createdMs) return a.createdMs - b.createdMs;
  return compareText(`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
