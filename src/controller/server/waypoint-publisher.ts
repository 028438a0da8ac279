import type { Logger } from '../../base/index.ts';
import { waypointResourceCodec, encodeResource } from '../../wire/index.ts';
import { type DeltaServer, type ResourceUpsert, WAYPOINT_RESOURCE_TYPE } from '../../xds/index.ts';
import type { AddressedResource, Collection, MeshCollections } from '../collections/index.ts';
import { waypointAudience } from './stream-peer.ts';

/**
 * Tells waypoints what holds for what goes through them. All that follows from one commit is told at once: a waypoint never
 * knows a service as its own without the policies of that service, neither before it learns them nor after it has lost them.
 * Returns what stops it.
 */
export function publishWaypointResources(
  { waypointResources }: Pick<MeshCollections, 'waypointResources'>,
  server: Pick<DeltaServer, 'cache'>,
  log: Logger,
): () => void {
  const cache = server.cache(WAYPOINT_RESOURCE_TYPE);
  const changed = new Map<string, Collection<AddressedResource>>();
  let stopped = false;

  function publish(): void {
    const upserts: ResourceUpsert[] = [];
    const removed: string[] = [];
    for (const [name, collection] of changed) {
      try {
        const resource = upsertOf(name, collection.get(name));
        if (resource === undefined) removed.push(name);
        else upserts.push(resource);
      } catch (error) {
        // What was told of it before stays; the others must not wait for it.
        log.error('resource cannot be encoded', { name, error });
      }
    }
    changed.clear();
    cache.apply({ upserts, removed });
  }

  const stops = waypointResources.map((collection) =>
    collection.changes.subscribe((names) => {
      if (changed.size === 0)
        queueMicrotask(() => {
          if (!stopped) publish();
        });
      for (const name of names) changed.set(name, collection);
    }),
  );
  return () => {
    stopped = true;
    for (const stop of stops) stop();
  };
}

/**
 * What is for nobody is not encoded either. It is told under the name of the object that it follows from, also where a policy
 * stands in for one that is not understood: the next version of the object, or its removal, must end that.
 */
function upsertOf(name: string, addressed: AddressedResource | undefined): ResourceUpsert | undefined {
  if (addressed === undefined || addressed.gateways.size === 0) return undefined;
  return {
    ...encodeResource(waypointResourceCodec, addressed.resource),
    name,
    audiences: new Set([...addressed.gateways].map(waypointAudience)),
  };
}
