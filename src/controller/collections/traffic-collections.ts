import type { TrafficPolicy, WaypointResource } from '../../model/index.ts';
import {
  type MeshSettings,
  settleConflicts,
  type TrafficOutcome,
  targetSlot,
  translateTrafficPolicy,
  translateXBackendTrafficPolicy,
} from '../translate/index.ts';
import type { Collection, Graph } from './graph/index.ts';
import type { MeshStores } from './mesh-stores.ts';
import { targetLookup } from './target-lookup.ts';
import type { WaypointCollections } from './waypoint-collections.ts';

/** By TrafficPolicyKey. */
export interface TrafficCollections {
  /** What is in force, for waypoints. */
  readonly trafficPolicies: Collection<WaypointResource>;
  /** What becomes of each object. */
  readonly trafficOutcomes: Collection<TrafficOutcome>;
}

/** Of policies that conflict the oldest holds, and the others' outcomes say so. */
export function deriveTraffic(
  graph: Graph,
  inputs: { readonly stores: MeshStores; readonly waypoints: Pick<WaypointCollections, 'waypoints'> },
  { clusterDomain }: MeshSettings,
): TrafficCollections {
  const { stores } = inputs;
  const translated = graph.derive(stores.trafficPolicies, (fetch, { object, faults }, key) => {
    const lookup = targetLookup(fetch, object.meta.namespace, inputs);
    const outcome =
      object.kind === 'TrafficPolicy'
        ? translateTrafficPolicy({ object, faults }, lookup, clusterDomain)
        : translateXBackendTrafficPolicy({ object, faults }, lookup, clusterDomain);
    return [[key, outcome]];
  });
  const claims = graph.derive(translated, (_fetch, { policy }, key): [string, TrafficPolicy][] =>
    policy === undefined ? [] : [[key, policy]],
  );
  const bySlot = graph.index(claims, ({ kind, attachments }) =>
    attachments.map((attachment) => targetSlot(kind, attachment)),
  );
  const trafficOutcomes = graph.derive(translated, (fetch, outcome, key) => [
    [key, settleConflicts(outcome, (slot) => fetch.all(bySlot, slot))],
  ]);
  return {
    trafficOutcomes,
    trafficPolicies: graph.derive(trafficOutcomes, (_fetch, { policy }, key): [string, WaypointResource][] =>
      policy === undefined ? [] : [[key, { kind: 'traffic', policy }]],
    ),
  };
}
