import { type Membership, membershipName, type PodTelemetry } from '../../model/index.ts';
import { bystanderOf, type EnrolmentPlan, namespaceMembership, planEnrolment } from '../enrolment/index.ts';
import type { PodObject } from '../objects/index.ts';
import { type MeshSettings, podUid } from '../translate/index.ts';
import type { Collection, Fetch, Graph } from './graph/index.ts';
import type { MeshStores } from './mesh-stores.ts';
import type { WaypointCollections } from './waypoint-collections.ts';

/** What nodes are told of the pods on them. */
export interface EnrolmentCollections {
  readonly enrolments: Collection<EnrolmentPlan>;
  /** For pods that are not to be enrolled: a bystander is told to its own node, a namespace to all. */
  readonly memberships: Collection<AddressedMembership>;
  readonly namespaceMemberships: Collection<AddressedMembership>;
}

/** What is known of a namespace or a bystander, and which node is told. */
export interface AddressedMembership {
  readonly membership: Membership;
  /** Undefined: every node. */
  readonly node: string | undefined;
}

/** Pods of our own waypoints are never among them. */
export function deriveEnrolments(
  graph: Graph,
  inputs: {
    readonly stores: Pick<MeshStores, 'pods' | 'namespaces'>;
    readonly waypoints: Pick<WaypointCollections, 'waypointOfPod'>;
    readonly telemetryOfPod: (fetch: Fetch, pod: PodObject) => PodTelemetry | undefined;
  },
  settings: MeshSettings,
): EnrolmentCollections {
  const { stores, waypoints, telemetryOfPod } = inputs;
  // A waypoint takes tunnels itself, and what it sends is nobody's to capture.
  const isWaypoint = (fetch: Fetch, pod: PodObject): boolean =>
    waypoints.waypointOfPod(fetch, pod)?.ours === true;

  return {
    enrolments: graph.derive(stores.pods, (fetch, pod): [string, EnrolmentPlan][] => {
      if (isWaypoint(fetch, pod)) return [];
      const context = {
        namespace: fetch.one(stores.namespaces, pod.meta.namespace),
        telemetry: telemetryOfPod(fetch, pod),
      };
      const plan = planEnrolment(pod, context, settings);
      return plan === undefined ? [] : [[podUid(pod.meta, settings.clusterId), plan]];
    }),
    memberships: graph.derive(stores.pods, (fetch, pod): [string, AddressedMembership][] => {
      const namespace = fetch.one(stores.namespaces, pod.meta.namespace);
      const membership = bystanderOf(pod, { namespace, isWaypoint: isWaypoint(fetch, pod) }, settings);
      return membership === undefined ? [] : [[membershipName(membership), { membership, node: pod.node }]];
    }),
    namespaceMemberships: graph.derive(
      stores.namespaces,
      (_fetch, object): [string, AddressedMembership][] => {
        const membership = namespaceMembership(object, settings);
        return [[membershipName(membership), { membership, node: undefined }]];
      },
    ),
  };
}
