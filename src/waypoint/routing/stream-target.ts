import type { BackendTarget, Service } from '../../model/index.ts';
import { WaypointError } from '../errors.ts';
import type { StreamSelection } from './stream-route-table.ts';

/**
 * Where a connection is carried to. Undefined: to what was dialled. Throws a WaypointError for what the routes of `service`
 * refuse.
 */
export function streamTarget(selection: StreamSelection, service: Service): BackendTarget | undefined {
  switch (selection.kind) {
    case 'default':
      return undefined;
    case 'unmatched':
      throw new WaypointError({
        code: 'ERR_WAYPOINT_NO_ROUTE',
        blame: 'downstream',
        message: `expected a connection that a TCPRoute or TLSRoute of ${service.hostname} takes to a backend, got none`,
        hint: 'nodemesh routes lists the routes; a TLSRoute takes the names that it lists, by the name the client asks for',
      });
    case 'backend': {
      const { route, target } = selection;
      if (target.kind === 'service') return target;
      throw new WaypointError({
        code: 'ERR_WAYPOINT_INVALID_BACKEND',
        blame: 'local',
        message: `${route.key}: ${target.message}`,
        hint: "the route's conditions in its status say more",
        reason: target.reason,
      });
    }
  }
}
