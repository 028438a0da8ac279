import type { ProxyState, WaypointView } from '../../model/index.ts';
import type { ObservationStore } from '../observation/index.ts';
import type { Facts } from './facts.ts';
import { workloadViews } from './routes.ts';

/** What a proxy tells the controller of how things are with it, of the facts that a node's own API answers from. */
export function proxyStateOf(
  store: ObservationStore,
  facts: Pick<Facts, 'workloads' | 'certificates' | 'policies'>,
  waypoint?: WaypointView,
): ProxyState {
  return {
    workloads: workloadViews({ store, facts }, WINDOW_MS),
    certificates: facts.certificates(),
    policies: facts.policies(),
    waypoint,
  };
}

/** What rates in it are taken over. */
const WINDOW_MS = 60_000;
