import type { GatewayKey, MeshViewBatch, TrustBundle, WaypointResource } from '../../model/index.ts';
import { addressSubscription, notUnderstood, trustBundleSubscription } from '../../proxy/index.ts';
import { refusalInPlaceOf, waypointResourceCodec } from '../../wire/index.ts';
import { type ResourceSubscription, resourceSubscription } from '../../xds/index.ts';
import type { ResourceChange } from '../resources/resource-store.ts';

/** Where what the controller says goes. */
export interface ControlPlaneSink {
  applyToView(batch: MeshViewBatch): void;
  updateResources(change: ResourceChange): void;
  setTrustBundle(bundle: TrustBundle): void;
  /** After each applied response, with its type. */
  applied(typeUrl: string): void;
}

/** The types that the waypoint of `gateway` follows. */
export function subscriptionsTo(
  sink: ControlPlaneSink,
  gateway: GatewayKey,
): readonly ResourceSubscription[] {
  return [
    addressSubscription(sink),
    resourceSubscription({
      typeUrl: waypointResourceCodec.typeUrl,
      decode: (bytes, name) => decodeResource(bytes, name, gateway),
      onUpdate({ upserts, removed }) {
        sink.updateResources({
          upserts: upserts.map(({ name, resource: { resource } }) => ({ name, resource })),
          removed,
        });
        sink.applied(waypointResourceCodec.typeUrl);
        return notUnderstood(upserts);
      },
    }),
    trustBundleSubscription(sink),
  ];
}

/**
 * A policy that cannot be understood must neither vanish nor stay as it was before: it denies what it is attached to
 * (design.md, Fail closed), and the controller is told.
 */
function decodeResource(
  bytes: Uint8Array,
  name: string,
  gateway: GatewayKey,
): { readonly resource: WaypointResource; readonly error?: unknown } {
  try {
    return { resource: waypointResourceCodec.decode(bytes) };
  } catch (error) {
    const resource = refusalInPlaceOf(bytes, name, gateway);
    if (resource === undefined) throw error;
    return { resource, error };
  }
}
