import { objectKey, selects, type TelemetryObject } from '../../objects/index.ts';
import type { MeshSettings } from '../../translate/index.ts';
import type { Collection, Fetch, Graph } from '../graph/index.ts';
import { labelSlots, namespaceSlot, selectorSlot } from '../label-lookup.ts';
import type { Judged } from '../mesh-stores.ts';

/** Which Telemetry objects hold for what. Of several for the very same, the oldest counts, as Istio has it. */
export interface TelemetryScopes {
  /** For the mesh, then for the namespace. */
  wide(fetch: Fetch, namespace: string): readonly TelemetryObject[];
  /** The one that selects pods with these labels. */
  selecting(
    fetch: Fetch,
    namespace: string,
    labels: ReadonlyMap<string, string>,
  ): TelemetryObject | undefined;
  gatewayClass(fetch: Fetch, name: string): TelemetryObject | undefined;
  gateway(fetch: Fetch, namespace: string, name: string): TelemetryObject | undefined;
  /** The older one that holds for the same in the place of `object`. */
  ahead(fetch: Fetch, object: TelemetryObject): TelemetryObject | undefined;
}

/** Adds its index to the graph. Objects with faults hold for nothing. */
export function createTelemetryScopes(
  graph: Graph,
  telemetries: Collection<Judged<TelemetryObject>>,
  { rootNamespace }: MeshSettings,
): TelemetryScopes {
  // What is faulty has no effect.
  const bySlot = graph.index(telemetries, ({ object, faults }) => (faults.length > 0 ? [] : slotsOf(object)));
  const oldest = (fetch: Fetch, slot: string): TelemetryObject | undefined =>
    oldestOf(fetch.all(bySlot, slot).map(({ object }) => object));

  return {
    wide(fetch, namespace) {
      const namespaces = namespace === rootNamespace ? [namespace] : [rootNamespace, namespace];
      return namespaces.flatMap((one) => oldest(fetch, namespaceSlot(one)) ?? []);
    },
    selecting: (fetch, namespace, labels) =>
      oldestOf(
        labelSlots(namespace, labels)
          .flatMap((slot) => fetch.all(bySlot, slot))
          .map(({ object }) => object)
          .filter(({ selector }) => selector !== undefined && selects(selector, labels)),
      ),
    // A class reaches into every namespace, so only the root namespace may name one.
    gatewayClass: (fetch, name) => oldest(fetch, targetSlot(rootNamespace, 'GatewayClass', name)),
    gateway: (fetch, namespace, name) => oldest(fetch, targetSlot(namespace, 'Gateway', name)),
    ahead(fetch, object) {
      const { selector, targetRefs } = object;
      if (selector !== undefined || targetRefs.length > 0) return undefined;
      const first = oldest(fetch, namespaceSlot(object.meta.namespace));
      return first === undefined || objectKey(first.meta) === objectKey(object.meta) ? undefined : first;
    },
  };
}

/** By time, then by name. */
export function oldestOf(objects: readonly TelemetryObject[]): TelemetryObject | undefined {
  return [...objects].sort(byAge)[0];
}

function byAge({ meta: a }: TelemetryObject, { meta: b }: TelemetryObject): number {
  if (a.createdMs !== b.createdMs) return a.createdMs < b.createdMs ? -1 : 1;
  return objectKey(a) < objectKey(b) ? -1 : 1;
}

function slotsOf({ meta: { namespace }, selector, targetRefs }: TelemetryObject): readonly string[] {
  if (targetRefs.length === 0) return [selectorSlot(namespace, selector)];
  return targetRefs.map(({ kind, name }) => targetSlot(namespace, kind, name));
}

/** Labels have no space in them. */
function targetSlot(namespace: string, kind: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}
