import type { PathNormalization, WaypointResource } from '../../model/index.ts';

/** As MeshConfig says; without one as Istio does. */
export function pathNormalizationOf(resources: readonly WaypointResource[]): PathNormalization {
  for (const resource of resources)
    if (resource.kind === 'settings') return resource.settings.pathNormalization;
  return 'base';
}
