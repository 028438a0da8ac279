import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../../base/index.ts';
import type { Cluster } from '../cluster/index.ts';
import {
  conditionIsTrue,
  isFinished,
  type JobObject,
  isTerminating,
  withCondition,
} from '../cluster/objects/index.ts';
import { ownedBy, ownerKeys } from './ownership.ts';
import { keyOf, type ReconcileLoop, splitKey, startReconcileLoop } from './reconcile-loop.ts';
import { randomSuffix } from './replica-sets.ts';

/** Runs pods until enough of them have succeeded, or too many have failed. */
export function startJobs(cluster: Cluster, log: Logger): ReconcileLoop {
  const { store } = cluster;
  return startReconcileLoop({
    name: 'jobs',
    store,
    log,
    concerns: ({ object }) => (object.kind === 'Job' ? [keyOf(object)] : ownerKeys(object, 'Job')),
    reconcile(key) {
      const [namespace, name] = splitKey(key);
      const job = store.get('Job', namespace, name);
      if (job === undefined || isDone(job)) return;
      const { completions = 1, parallelism = 1, backoffLimit = 6 } = job.spec;
      const pods = ownedBy(store, 'Pod', job);
      const succeeded = pods.filter(({ status }) => status?.phase === 'Succeeded').length;
      const failed = pods.filter(({ status }) => status?.phase === 'Failed').length;
      const running = pods.filter((pod) => !isFinished(pod) && !isTerminating(pod));
      const outcome = succeeded >= completions ? 'Complete' : failed > backoffLimit ? 'Failed' : undefined;
      if (outcome === undefined) {
        const wanted = Math.min(parallelism, completions - succeeded);
        for (let missing = wanted - running.length; missing > 0; missing--) createPod(cluster, job);
      } else {
        for (const pod of running) cluster.delete('Pod', namespace, pod.metadata.name);
      }
      writeStatus(
        cluster,
        job,
        { active: outcome === undefined ? running.length : 0, succeeded, failed },
        outcome,
      );
    },
  });
}

function isDone({ status }: JobObject): boolean {
  return conditionIsTrue(status?.conditions, 'Complete') || conditionIsTrue(status?.conditions, 'Failed');
}

function createPod(cluster: Cluster, job: JobObject): void {
  const { template } = job.spec;
  const { name, namespace, uid } = job.metadata;
  cluster.create(
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${name}-${randomSuffix()}`,
        namespace,
        labels: {
          ...template.metadata?.labels,
          'job-name': name,
          'batch.kubernetes.io/job-name': name,
          'batch.kubernetes.io/controller-uid': uid,
        },
        annotations: { ...template.metadata?.annotations },
      },
      spec: template.spec,
    },
    job,
  );
}

function writeStatus(
  cluster: Cluster,
  job: JobObject,
  counts: { readonly active: number; readonly succeeded: number; readonly failed: number },
  outcome: 'Complete' | 'Failed' | undefined,
): void {
  const { namespace, name } = job.metadata;
  cluster.store.update('Job', namespace, name, (current) => {
    const { status } = current;
    const now = new Date().toISOString();
    const next = {
      ...counts,
      startTime: status?.startTime ?? now,
      ...(outcome === undefined
        ? {}
        : {
            conditions: withCondition(status?.conditions, { type: outcome, status: 'True' }),
            ...(outcome === 'Complete' ? { completionTime: now } : {}),
          }),
    };
    return isDeepStrictEqual(status, next) ? current : { ...current, status: next };
  });
}
