import type {
  AuthorizationPolicy,
  EnrolmentPod,
  Membership,
  MeshViewBatch,
  PolicyKey,
  Service,
  TrustBundle,
  Workload,
  WorkloadUid,
} from '../../model/index.ts';
import {
  addressCodec,
  authorizationCodec,
  denialInPlaceOf,
  enrolmentPodCodec,
  membershipCodec,
  trustBundleCodec,
} from '../../wire/index.ts';
import { type ResourceSubscription, resourceSubscription } from '../../xds/index.ts';

/** Where what the controller says goes. */
export interface ControlPlaneSink {
  applyToView(batch: MeshViewBatch): void;
  /** What only a controller of ours tells; undefined: it is an istiod, which is not asked. */
  readonly own:
    | {
        updateEnrolment(change: { upserts: readonly EnrolmentPod[]; removed: readonly WorkloadUid[] }): void;
        updateMemberships(change: { upserts: readonly Membership[]; removed: readonly string[] }): void;
        setTrustBundle(bundle: TrustBundle): void;
      }
    | undefined;
  /** After each applied response, with its type. */
  applied(typeUrl: string): void;
}

/** The types a node proxy follows. `versions` is what an earlier process held. */
export function subscriptionsTo(
  sink: ControlPlaneSink,
  versions: ReadonlyMap<string, ReadonlyMap<string, string>>,
): readonly ResourceSubscription[] {
  const known: Known = (typeUrl) => {
    const initialVersions = versions.get(typeUrl);
    return initialVersions === undefined ? {} : { initialVersions };
  };
  return [...istioTypes(sink, known), ...(sink.own === undefined ? [] : ownTypes(sink, sink.own, known))];
}

type Known = (typeUrl: string) => { readonly initialVersions?: ReadonlyMap<string, string> };

function istioTypes(sink: ControlPlaneSink, known: Known): readonly ResourceSubscription[] {
  return [
    resourceSubscription({
      typeUrl: addressCodec.typeUrl,
      ...known(addressCodec.typeUrl),
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
      typeUrl: authorizationCodec.typeUrl,
      ...known(authorizationCodec.typeUrl),
      decode: decodePolicy,
      onUpdate({ upserts, removed }) {
        sink.applyToView({
          upsertPolicies: upserts.map(({ resource }) => resource.policy),
          removedPolicies: removed.map((name) => name as PolicyKey),
        });
        sink.applied(authorizationCodec.typeUrl);
        return upserts.flatMap(({ name, resource: { error } }) =>
          error === undefined ? [] : [{ name, error }],
        );
      },
    }),
  ];
}

function ownTypes(
  sink: Pick<ControlPlaneSink, 'applied'>,
  own: NonNullable<ControlPlaneSink['own']>,
  known: Known,
): readonly ResourceSubscription[] {
  return [
    resourceSubscription({
      typeUrl: enrolmentPodCodec.typeUrl,
      ...known(enrolmentPodCodec.typeUrl),
      decode: enrolmentPodCodec.decode,
      onUpdate({ upserts, removed }) {
        own.updateEnrolment({
          upserts: upserts.map(({ resource }) => resource),
          removed: removed.map((name) => name as WorkloadUid),
        });
        sink.applied(enrolmentPodCodec.typeUrl);
        return undefined;
      },
    }),
    resourceSubscription({
      typeUrl: membershipCodec.typeUrl,
      ...known(membershipCodec.typeUrl),
      // A controller without it: new pods that it does not want enrolled wait in vain for their CNI plugin.
      required: false,
      decode: membershipCodec.decode,
      onUpdate({ upserts, removed }) {
        own.updateMemberships({ upserts: upserts.map(({ resource }) => resource), removed });
        sink.applied(membershipCodec.typeUrl);
        return undefined;
      },
    }),
    resourceSubscription({
      typeUrl: trustBundleCodec.typeUrl,
      ...known(trustBundleCodec.typeUrl),
      // A controller without it: the roots are those that come with each certificate.
      required: false,
      decode: trustBundleCodec.decode,
      onUpdate({ upserts }) {
        for (const { resource } of upserts) own.setTrustBundle(resource);
        sink.applied(trustBundleCodec.typeUrl);
        return undefined;
      },
    }),
  ];
}

/**
 * A policy that cannot be understood must neither vanish nor stay as it was before: it denies what it selects
 * (design.md, Fail closed), and the controller is told.
 */
function decodePolicy(
  bytes: Uint8Array,
  name: string,
): { readonly policy: AuthorizationPolicy; readonly error?: unknown } {
  try {
    return { policy: authorizationCodec.decode(bytes) };
  } catch (error) {
    return { policy: denialInPlaceOf(bytes, name), error };
  }
}
