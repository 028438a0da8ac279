// The thread that judges objects, one after the other: started by reviewer.ts, which ends it when it takes too long.
import { parentPort } from 'node:worker_threads';
import { type ReviewJob, type ReviewResult, reviewJob } from './review-job.ts';

parentPort?.on('message', (job: ReviewJob) => {
  parentPort?.postMessage({ id: job.id, verdict: reviewJob(job) } satisfies ReviewResult);
});
