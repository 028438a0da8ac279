import type { Clock } from '../../base/index.ts';
import {
  createObservingJournal,
  createPolicyHits,
  type ObservingJournal,
  type PolicyHits,
} from '../../proxy/index.ts';
import {
  createObservationStore,
  type MetricsRegistry,
  type ObservationStore,
  registerWorkloadMetrics,
} from '../../telemetry/index.ts';
import { LATE_REFUSALS, VERDICTS } from '../response-flags.ts';
import { type CostLedger, createCostLedger } from './cost-ledger.ts';

/** Everything that a node's proxy remembers of what it does. */
export interface NodeObservation {
  readonly store: ObservationStore;
  readonly journal: ObservingJournal;
  readonly hits: PolicyHits;
  readonly ledger: CostLedger;
}

/** Registers the metrics of workloads. Once for each registry; whoever makes it closes its journal. */
export function observeNode(deps: {
  readonly node: string;
  readonly registry: MetricsRegistry;
  readonly clock: Clock;
}): NodeObservation {
  const { node, registry, clock } = deps;
  const store = createObservationStore({ proxy: `ztunnel/${node}`, clock });
  const ledger = createCostLedger({ clock, cpuSeconds });
  registerWorkloadMetrics(registry, ledger.totals);
  return {
    store,
    ledger,
    hits: createPolicyHits(),
    journal: createObservingJournal({
      observer: store,
      clock,
      verdicts: VERDICTS,
      lateRefusals: LATE_REFUSALS,
      onWork({ direction, sourceWorkload, destinationWorkload }, work) {
        const own = direction === 'outbound' ? sourceWorkload : destinationWorkload;
        if (own !== undefined) ledger.note(own, work);
      },
    }),
  };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}
