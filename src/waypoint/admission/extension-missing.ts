import type { ExtensionKey } from '../../model/index.ts';
import { WaypointError } from '../errors.ts';

/** For a request whose rule names what the waypoint has not. */
export function extensionMissing(object: ExtensionKey): WaypointError {
  const [kind = '', namespace = '', name = ''] = object.split('/');
  return new WaypointError({
    code: 'ERR_WAYPOINT_EXTENSION_MISSING',
    blame: 'local',
    message: `expected ${kind} ${namespace}/${name}, which the route names, got none that is valid`,
    hint: `see the conditions of the route and of the ${kind}`,
  });
}
