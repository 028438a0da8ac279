import type { Logger } from '../../base/index.ts';
import type { Cluster, EventRecorder } from '../cluster/index.ts';
import { startDeployments } from './deployments.ts';
import { startEndpointSlices } from './endpoint-slices.ts';
import { startGarbageCollector } from './garbage-collector.ts';
import { startJobs } from './jobs.ts';
import { startNamespaces } from './namespaces.ts';
import type { ReconcileLoop } from './reconcile-loop.ts';
import { startReplicaSets } from './replica-sets.ts';
import { startScheduler } from './scheduler.ts';
import { startStatefulSets } from './stateful-sets.ts';

/** Starts what a cluster's controller manager and scheduler do. */
export function startReconcilers(cluster: Cluster, events: EventRecorder, log: Logger): ReconcileLoop {
  const loops = [
    startNamespaces(cluster, log),
    startDeployments(cluster, log),
    startReplicaSets(cluster, log),
    startStatefulSets(cluster, log),
    startJobs(cluster, log),
    startScheduler(cluster, events, log),
    startEndpointSlices(cluster, log),
    startGarbageCollector(cluster, log),
  ];
  return {
    close() {
      for (const loop of loops) loop.close();
    },
  };
}
