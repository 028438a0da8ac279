import type {
  AuthorizationPolicy,
  EnrolmentPod,
  Membership,
  MeshViewBatch,
  PolicyKey,
  TrustBundle,
  WorkloadUid,
} from '../../model/index.ts';
import {
  addressSubscription,
  type HeldVersions,
  notUnderstood,
  trustBundleSubscription,
} from '../../proxy/index.ts';
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

type Known = (typeUrl: string) => HeldVersions;

function istioTypes(sink: ControlPlaneSink, known: Known): readonly ResourceSubscription[] {
  return [
    addressSubscription(sink, known(addressCodec.typeUrl)),
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
        return notUnderstood(upserts);
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
    trustBundleSubscription(
      { setTrustBundle: (bundle) => own.setTrustBundle(bundle), applied: (typeUrl) => sink.applied(typeUrl) },
      known(trustBundleCodec.typeUrl),
    ),
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
