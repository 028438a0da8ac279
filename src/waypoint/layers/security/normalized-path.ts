import type { PathNormalization } from '../../../model/index.ts';
import { normalizePath } from '../../../policy/index.ts';
import { WaypointError } from '../../errors.ts';
import type { Layer } from '../../request/layer.ts';
import type { RouteSelection } from '../../routing/route-selection.ts';

/**
 * Who routes, who judges and who serves a path must see the same: what is behind this layer has it in its normal form, and
 * so has the backend. It stands before the first that asks for a route. Rejects with ERR_WAYPOINT_PATH.
 */
export const normalizedPathLayer: Layer = (next) => async (request, context) => {
  const { pathNormalization, routes } = context.plan;
  const target = normalizedTarget(request.target, pathNormalization);
  if (target === request.target) return next(request, context);
  const changed = { ...request, target };
  let selection: RouteSelection | undefined;
  return next(changed, {
    ...context,
    route() {
      selection ??= routes.select(changed, context.client.identity.namespace);
      return selection;
    },
  });
};

/** Throws ERR_WAYPOINT_PATH. */
export function normalizedTarget(target: string, normalization: PathNormalization): string {
  const normalized = normalizePath(target, normalization);
  if ('problem' in normalized) throw notAPath(normalized.problem);
  return normalized.target;
}

function notAPath(problem: string): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_PATH',
    blame: 'downstream',
    message: `expected a path that can be read in one way, got another: ${problem}`,
  });
}
