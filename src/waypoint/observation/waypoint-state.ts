import type { SvidStore } from '../../identity/index.ts';
import type { ProxyState } from '../../model/index.ts';
import { certificateViews, type PolicyHits } from '../../proxy/index.ts';
import { waypointPolicies } from './waypoint-policies.ts';
import { waypointView, type WaypointViewDeps } from './waypoint-view.ts';

/** What a state is read from. */
export interface WaypointStateDeps extends WaypointViewDeps {
  /** `waypoint/<namespace>/<pod>`. */
  readonly name: string;
  readonly svids: Pick<SvidStore, 'status'>;
  readonly hits: PolicyHits;
}

/** What a replica tells the controller of how things are with it. */
export function waypointState(deps: WaypointStateDeps): ProxyState {
  return {
    // Pods are their nodes' to tell of.
    workloads: [],
    certificates: certificateViews(deps.svids.status(), deps.name),
    policies: waypointPolicies(deps.resources.all(), deps.hits),
    waypoint: waypointView(deps, WINDOW_MS),
  };
}

/** What rates in it are taken over. */
const WINDOW_MS = 60_000;
