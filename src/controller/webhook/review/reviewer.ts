import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Clock, type Closable, describeError, type Logger, type Timer } from '../../../base/index.ts';
import type { AnalysisSettings } from '../../analysis/index.ts';
import { ControllerError } from '../../errors.ts';
import type { Neighbours } from '../context/index.ts';
import type { AdmissionRequest, AdmissionVerdict } from './admission-review.ts';
import { isJudged } from './is-judged.ts';
import type { ReviewJob, ReviewResult } from './review-job.ts';

/** What objects are judged beside, and how many may wait. */
export interface ReviewerOptions {
  readonly neighbours: Pick<Neighbours, 'near'>;
  /** Whether a namespace is of the mesh; of what is in others nothing is known, and nothing is judged. Default: all are. */
  readonly isSelected?: (namespace: string) => boolean;
  readonly settings: AnalysisSettings;
  readonly clock: Clock;
  readonly log: Logger;
  /** Requests that may wait for the one that is being judged. Default 32. */
  readonly maxWaiting?: number;
}

/**
 * Judges objects in a thread of its own, one after the other: what an object makes of the analysis must not hold up the
 * controller. The thread is started when it is needed, and ends when nobody has asked for a while.
 */
export interface Reviewer extends Closable {
  /** Rejects with ControllerError ERR_CONTROLLER_REVIEW when it could not be judged within `timeoutMs`. */
  review(request: AdmissionRequest, timeoutMs: number): Promise<AdmissionVerdict>;
}

interface Waiting {
  readonly request: AdmissionRequest;
  readonly timer: Timer;
  resolve(verdict: AdmissionVerdict): void;
  reject(error: Error): void;
}

/** No thread yet. Closing ends it, and rejects what waits. */
export function createReviewer(options: ReviewerOptions): Reviewer {
  const { neighbours, settings, clock, log, maxWaiting = 32 } = options;
  const { isSelected = () => true } = options;
  const waiting: Waiting[] = [];
  let current: Waiting | undefined;
  let thread: Worker | undefined;
  let rest: Timer | undefined;
  let lastId = 0;
  let closed = false;

  const next = (): void => {
    if (current !== undefined) return;
    current = waiting.shift();
    if (current === undefined) {
      rest ??= clock.after(IDLE_MS, endThread);
      return;
    }
    rest?.cancel();
    rest = undefined;
    lastId += 1;
    const { request } = current;
    const { texts, isCut } = neighbours.near(request.object, request.namespace);
    thread ??= startThread();
    thread.postMessage({ id: lastId, request, neighbours: texts, isCut, settings } satisfies ReviewJob);
  };
  const settle = (finish: (job: Waiting) => void): void => {
    const job = current;
    current = undefined;
    job?.timer.cancel();
    if (job !== undefined) finish(job);
    next();
  };
  const startThread = (): Worker => {
    const worker = new Worker(THREAD, { env: {}, resourceLimits: { maxOldGenerationSizeMb: 384 } });
    worker.unref();
    worker.on('message', ({ id, verdict }: ReviewResult) => {
      if (id === lastId) settle((job) => job.resolve(verdict));
    });
    worker.on('error', (error) => {
      log.error('an object could not be judged', { error: describeError(error) });
      if (thread !== worker) return;
      thread = undefined;
      settle((job) => job.reject(unjudged(`the analysis failed (${describeError(error)})`)));
    });
    return worker;
  };
  const endThread = (): void => {
    rest?.cancel();
    rest = undefined;
    const ending = thread;
    thread = undefined;
    void ending?.terminate();
  };
  const late = (job: Waiting, timeoutMs: number): void => {
    const error = unjudged(`it takes longer than ${timeoutMs} ms`);
    const index = waiting.indexOf(job);
    if (index !== -1) {
      waiting.splice(index, 1);
      job.reject(error);
    } else if (job === current) {
      endThread();
      settle((one) => one.reject(error));
    }
  };
  const stop = (): void => {
    closed = true;
    for (const job of waiting.splice(0)) {
      job.timer.cancel();
      job.reject(unjudged('the controller is closing'));
    }
    settle((job) => job.reject(unjudged('the controller is closing')));
    endThread();
  };

  return {
    review(request, timeoutMs) {
      const { namespace } = request;
      if (!isJudged(request) || (namespace !== '' && !isSelected(namespace)))
        return Promise.resolve({ allowed: true });
      if (closed) return Promise.reject(unjudged('the controller is closing'));
      if (waiting.length >= maxWaiting)
        return Promise.reject(unjudged(`${waiting.length} objects are waiting already`));
      return new Promise((resolve, reject) => {
        const job: Waiting = {
          request,
          timer: clock.after(timeoutMs, () => late(job, timeoutMs)),
          resolve,
          reject,
        };
        waiting.push(job);
        next();
      });
    },
    close: async () => stop(),
    destroy: stop,
  };
}

function unjudged(why: string): ControllerError {
  return new ControllerError({
    code: 'ERR_CONTROLLER_REVIEW',
    blame: 'local',
    message: `the object was not judged: ${why}`,
    hint: 'run nodemesh analyze on it',
    retryable: true,
  });
}

const THREAD = fileURLToPath(
  new URL(`./review-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
);
/** A thread that rests costs some fifty megabytes, and a new one half a second. */
const IDLE_MS = 300_000;
