import type { Clock } from '../../base/index.ts';
import type { GatewayKey } from '../../model/index.ts';
import {
  createEdgeBook,
  createObservingJournal,
  createPolicyHits,
  type ObservingJournal,
  type PolicyHits,
} from '../../proxy/index.ts';
import { createObservationStore, type ObservationStore } from '../../telemetry/index.ts';
import { createRequestObserver, type ObserveRequest } from './observe-request.ts';
import { createRuleRates, type RuleRates } from './rule-rates.ts';
import { LATE_REFUSALS, VERDICTS } from './verdicts.ts';

/** Everything that a replica of a waypoint remembers of what it does. */
export interface WaypointObservation {
  readonly store: ObservationStore;
  /** Of connections that are carried as they come. */
  readonly journal: ObservingJournal;
  readonly observeRequest: ObserveRequest;
  readonly hits: PolicyHits;
  readonly rules: RuleRates;
}

/** Whoever makes it closes its journal. */
export function observeWaypoint(deps: {
  readonly gateway: GatewayKey;
  /** `waypoint/<namespace>/<pod>`. */
  readonly proxy: string;
  readonly clock: Clock;
}): WaypointObservation {
  const { gateway, proxy, clock } = deps;
  const store = createObservationStore({ proxy, clock });
  const edges = createEdgeBook();
  const hits = createPolicyHits();
  const rules = createRuleRates(clock);
  return {
    store,
    hits,
    rules,
    observeRequest: createRequestObserver({
      observer: store,
      edges,
      hits,
      rules,
      gateway,
      proxy,
      now: clock.now,
    }),
    journal: createObservingJournal({
      observer: store,
      clock,
      verdicts: VERDICTS,
      lateRefusals: LATE_REFUSALS,
      reporter: 'waypoint',
      waypoint: gateway,
      edges,
    }),
  };
}
