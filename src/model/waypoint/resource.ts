import type { Route } from './route.ts';

/** One thing that a waypoint is told beside the mesh itself (services and workloads). */
export type WaypointResource = { readonly kind: 'route'; readonly route: Route };

export type WaypointResourceKind = WaypointResource['kind'];
