import type { MeshViewBatch, Service, TrustBundle, Workload } from '../../model/index.ts';
import { addressCodec, trustBundleCodec } from '../../wire/index.ts';
import {
  type NamedResource,
  type ResourceFailure,
  type ResourceSubscription,
  resourceSubscription,
} from '../../xds/index.ts';

/** The versions of one type that an earlier process held; empty: none. */
export interface HeldVersions {
  readonly initialVersions?: ReadonlyMap<string, string>;
}

/** Workloads and services, for the mesh view. `applied` is told of the type after each response. */
export function addressSubscription(
  sink: { applyToView(batch: MeshViewBatch): void; applied(typeUrl: string): void },
  held: HeldVersions = {},
): ResourceSubscription {
  return resourceSubscription({
    typeUrl: addressCodec.typeUrl,
    ...held,
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
  });
}

/** The roots of the mesh. Of a controller without them the roots are those that come with each certificate. */
export function trustBundleSubscription(
  sink: { setTrustBundle(bundle: TrustBundle): void; applied(typeUrl: string): void },
  held: HeldVersions = {},
): ResourceSubscription {
  return resourceSubscription({
    typeUrl: trustBundleCodec.typeUrl,
    ...held,
    required: false,
    decode: trustBundleCodec.decode,
    onUpdate({ upserts }) {
      for (const { resource } of upserts) sink.setTrustBundle(resource);
      sink.applied(trustBundleCodec.typeUrl);
      return undefined;
    },
  });
}

/** What the controller is told of resources in whose place stands one that refuses, since they were not understood. */
export function notUnderstood(
  upserts: readonly NamedResource<{ readonly error?: unknown }>[],
): readonly ResourceFailure[] {
  return upserts.flatMap(({ name, resource: { error } }) => (error === undefined ? [] : [{ name, error }]));
}
