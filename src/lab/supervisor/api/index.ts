import type { Server } from 'node:http';
import type { Lab } from '../lab.ts';
import { execRoute } from './exec-route.ts';
import { meshRoutes } from './mesh-routes.ts';
import { objectRoutes } from './object-routes.ts';
import { ROOT_ROUTES } from './root-routes.ts';
import { createApiServer } from './router.ts';
import { sinkRoutes } from './sink-routes.ts';
import { statusRoutes } from './status-routes.ts';
import { streamRoutes } from './stream-routes.ts';
import { waypointRoutes } from './waypoint-routes.ts';

export type { AdminAnswer } from './mesh-routes.ts';
export type { ApplyResult } from './object-routes.ts';
export type { RevocationAnswer, RootAnswer, RotationStep } from './root-routes.ts';
export type { LabStatus, NodeStatus, PodTrouble } from './status-routes.ts';
export type { WaypointAnswer } from './waypoint-routes.ts';

/** Everything the CLI and the mesh's controller can ask of a running lab. Not yet listening. */
export function createLabApi(lab: Lab): Server {
  const json = {
    ...objectRoutes(lab),
    ...statusRoutes(lab),
    ...meshRoutes(lab),
    ...waypointRoutes(lab),
    ...ROOT_ROUTES,
    ...sinkRoutes(lab),
  };
  return createApiServer(
    { json, stream: streamRoutes(lab), upgrade: { '/v1/exec': execRoute(lab) } },
    lab.log,
  );
}
