import type { Collection, MeshCollections } from '../collections/index.ts';
import type { ObjectKind, ObjectMeta } from '../objects/index.ts';
import type { SinkQueue } from '../sink/index.ts';

/**
 * An object that is deleted and made anew may reach us as one change. Nothing that is derived from it need differ then, but
 * the new one has no status: what was said of the old one is said again. Returns what stops it.
 */
export function repeatStatusOfReplaced(
  { objects }: Pick<MeshCollections, 'objects'>,
  sink: Pick<SinkQueue, 'repeatStatus'>,
): () => void {
  const stops = COLLECTIONS.map((name) => follow(objects[name], sink));
  return () => {
    for (const stop of stops) stop();
  };
}

/** Those whose objects the controller writes statuses of. */
const COLLECTIONS = [
  'services',
  'policies',
  'peers',
  'requestAuthentications',
  'gateways',
  'gatewayClasses',
  'routes',
  'rateLimits',
  'faultInjections',
  'filters',
  'trafficPolicies',
  'telemetries',
] as const satisfies readonly (keyof MeshCollections['objects'])[];

interface NamedObject {
  readonly kind: ObjectKind;
  readonly meta: ObjectMeta;
}

function follow(
  collection: Collection<NamedObject | { readonly object: NamedObject }>,
  sink: Pick<SinkQueue, 'repeatStatus'>,
): () => void {
  const uids = new Map<string, string>();
  return collection.changes.subscribe((keys) => {
    for (const key of keys) {
      const found = collection.get(key);
      const object = found === undefined || 'meta' in found ? found : found.object;
      const before = uids.get(key);
      if (object === undefined) {
        uids.delete(key);
        continue;
      }
      const { uid, namespace, name } = object.meta;
      uids.set(key, uid);
      if (before !== undefined && before !== uid) sink.repeatStatus({ kind: object.kind, namespace, name });
    }
  });
}
