import type { GatewayKey, MeshViewBatch, WaypointResource } from '../../model/index.ts';
import { staticStrictPolicy } from '../translate/index.ts';
import type { MeshCollections } from './mesh-collections.ts';

/** All that proxies are told of the mesh, in one batch. */
export function meshContents(collections: MeshCollections, rootNamespace: string): MeshViewBatch {
  const policies = [...collections.policies.values()].flatMap(({ policy }) => policy ?? []);
  return {
    upsertWorkloads: [...collections.podWorkloads.values(), ...collections.otherWorkloads.values()],
    upsertServices: [...collections.services.values()].map(({ service }) => service),
    upsertPolicies: [
      // Workloads list it only while there is something that could make one strict.
      ...(collections.peerObjects.size > 0 ? [staticStrictPolicy(rootNamespace)] : []),
      ...collections.peerPolicies.values(),
      ...policies,
    ],
  };
}

/** All that one waypoint is told beside. */
export function waypointContents(
  { waypointResources }: Pick<MeshCollections, 'waypointResources'>,
  gateway: GatewayKey,
): readonly { readonly name: string; readonly resource: WaypointResource }[] {
  return waypointResources.flatMap((collection) =>
    [...collection.entries()].flatMap(([name, { resource, gateways }]) =>
      gateways.has(gateway) ? [{ name, resource }] : [],
    ),
  );
}
