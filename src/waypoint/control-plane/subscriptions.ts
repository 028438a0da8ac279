import type { MeshViewBatch, Service, TrustBundle, Workload } from '../../model/index.ts';
import { addressCodec, trustBundleCodec, waypointResourceCodec } from '../../wire/index.ts';
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

/** The types a waypoint follows. */
export function subscriptionsTo(sink: ControlPlaneSink): readonly ResourceSubscription[] {
  return [
    resourceSubscription({
      typeUrl: addressCodec.typeUrl,
      decode: addressCodec.decode,
      onUpdate({ upserts, removed }) {
        const upsertWorkloads: Workload[] = [];
        const upsertServices: Service[] = [];
        for (const { resource } of upserts) {
          if (resource.kind === 'workload') upsertWorkloads.push(resource.workload);
          else upsertServices.push(resource.service);
        }
        sink.applyToView({ upsertWorkloads, upsertServices, removedAddresses: removed });
        sink.applied(addressCodec.typeUrl);
        return undefined;
      },
    }),
    resourceSubscription({
      typeUrl: waypointResourceCodec.typeUrl,
      decode: waypointResourceCodec.decode,
      onUpdate(change) {
        sink.updateResources(change);
        sink.applied(waypointResourceCodec.typeUrl);
        return undefined;
      },
    }),
    resourceSubscription({
      typeUrl: trustBundleCodec.typeUrl,
      required: false,
      decode: trustBundleCodec.decode,
      onUpdate({ upserts }) {
        for (const { resource } of upserts) sink.setTrustBundle(resource);
        sink.applied(trustBundleCodec.typeUrl);
        return undefined;
      },
    }),
  ];
}
