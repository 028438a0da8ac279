import type { MeshLogger, DecisionMetrics } from '../../telemetry/index.ts';
import { nameWaypoint } from '../../model/index.ts';
import type { PolicyHits } from '../../proxy/index.ts';
import type { NodeProxyDeps } from '../node-proxy.ts';

/** Counts what decides about connections, and logs what an operator wants to know of it. */
export function decisionListeners(deps: {
  readonly decisions: DecisionMetrics;
  readonly hits: PolicyHits;
  readonly log: MeshLogger;
}): Pick<NodeProxyDeps, 'onDecided' | 'onDryRun' | 'onWaypointBypass'> {
  const { decisions, hits, log } = deps;
  return {
    onDecided: (verdict, { policy, unmatched }) => hits.decided({ verdict, policy, unmatched }),
    onDryRun(outcome) {
      decisions.dryRun(outcome);
      hits.dryRun(outcome);
      if (outcome.differs)
        log.info('dry-run policy differs', { policy: outcome.policy, why: outcome.sentence });
    },
    onWaypointBypass({ workload, path, attributes, outcome }) {
      decisions.bypassed({
        service: path.service?.hostname ?? '',
        serviceNamespace: path.service?.namespace ?? '',
        workload: workload.workloadName,
        workloadNamespace: workload.namespace,
        mutualTls: attributes.source !== undefined,
        outcome,
      });
      log.debug('waypoint bypassed', {
        pod: workload.uid,
        waypoint: nameWaypoint(path.waypoint),
        source: attributes.sourceAddress,
        identity: attributes.source?.id,
        outcome,
      });
    },
  };
}
