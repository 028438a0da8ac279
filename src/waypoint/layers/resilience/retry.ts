import { type Clock, sleep } from '../../../base/index.ts';
import type { HttpResponse } from '../../../http/index.ts';
import type { RetryBudget, WorkloadUid } from '../../../model/index.ts';
import { WaypointError } from '../../errors.ts';
import type { Layer } from '../../request/layer.ts';
import type { RequestContext } from '../../request/request-context.ts';
import { DEFAULT_TRAFFIC_SETTINGS } from '../../traffic/default-settings.ts';
import { discardBody } from '../discard-body.ts';
import { createRetryBudgets } from './budget/retry-budgets.ts';
import { createReplayMemory } from './replay/replay-memory.ts';
import { createReplayableBody } from './replay/replayable-body.ts';
import { retryDelayMs } from './retry-delay.ts';
import { isWorthRetrying, retryPolicyFor, type TryOutcome } from './retry-policy.ts';
import { tryOnce } from './try-once.ts';

/** What retries may cost the process as a whole. */
export interface RetryLayerOptions {
  readonly clock: Clock;
  /**
   * For how long the process as a whole remembers requests and retries, and the minimum rate that its backends share.
   * Default: that of a backend without a policy.
   */
  readonly processBudget?: RetryBudget;
  /** What the bodies that are kept for retries may weigh together, in bytes. Default 64 MiB. */
  readonly replayMemoryBytes?: number;
  /** Told what became of each wish to try again. */
  readonly onRetry?: (outcome: RetryOutcome) => void;
  /** In [0, 1). Default Math.random. */
  readonly random?: () => number;
}

/** What became of the wish to try again; a closed list, since it labels a metric. */
export type RetryOutcome = 'made' | 'over_budget' | 'body_not_kept';

/**
 * Tries a request that failed again, elsewhere, where another try may mend it: as often as its rule or policy says, within
 * the budgets, and never so that something happens twice that must not. Gives each try its own time. The last answer or
 * failure is the request's.
 */
export function createRetryLayer(options: RetryLayerOptions): Layer {
  const { clock, random = Math.random, onRetry = () => undefined } = options;
  const budgets = createRetryBudgets(clock, options.processBudget ?? DEFAULT_TRAFFIC_SETTINGS.retryBudget);
  const memory = createReplayMemory(options.replayMemoryBytes ?? DEFAULT_REPLAY_MEMORY_BYTES);

  return (next) => async (request, context) => {
    const selection = context.route();
    const settings = context.plan.traffic.settingsFor(selection, context.backend);
    const policy = retryPolicyFor(request, selection, settings);
    const backend = backendName(context);
    budgets.noteRequest(backend, settings.retryBudget);
    const maximumBytes = policy.attempts === 0 ? 0 : settings.retry.maximumBodyBytes;
    const body = createReplayableBody(request.body, { maximumBytes, memory });
    const excluded = new Set<WorkloadUid>(context.excluded);
    try {
      for (let attempt = 1; ; attempt++) {
        const tried = {
          request: { ...request, body: body.open() },
          context: { ...context, attempt, excluded: new Set(excluded) },
          limitMs: policy.tryTimeoutMs,
        };
        const outcome = await tryOnce(next, tried, clock);
        const mayRetry = attempt <= policy.attempts && !context.signal.aborted;
        if (!mayRetry || !isWorthRetrying(outcome, policy)) return resultOf(outcome);
        if (!body.replayable) {
          onRetry('body_not_kept');
          return resultOf(outcome);
        }
        if (!budgets.take(backend, settings.retryBudget)) {
          onRetry('over_budget');
          return resultOverBudget(outcome, clock);
        }
        onRetry('made');
        const { upstream } = context.record;
        if (upstream !== undefined) excluded.add(upstream.uid);
        const response = outcome.kind === 'response' ? outcome.response : undefined;
        if (response !== undefined) discardBody(response.body, { clock });
        await sleep(clock, retryDelayMs({ policy, retry: attempt, response, clock, random }), context.signal);
      }
    } finally {
      body.settle();
    }
  };
}

/** Budgets are kept for what gets the requests, whoever dialled what. */
function backendName({ backend, dialled }: RequestContext): string {
  if (backend?.kind === 'service') return backend.service;
  return dialled.kind === 'workload' ? dialled.workload.uid : '';
}

function resultOf(outcome: TryOutcome): HttpResponse {
  if (outcome.kind === 'failure') throw outcome.error;
  return outcome.response;
}

/** Gateway API, XBackendTrafficPolicy: what the budget does not allow gets a 503. gRPC answers keep their own status. */
function resultOverBudget(outcome: TryOutcome, clock: Clock): HttpResponse {
  if (outcome.kind === 'response') {
    const { response } = outcome;
    if (response.status === 503 || response.headers.has('grpc-status')) return response;
    discardBody(response.body, { clock });
  }
  const got = outcome.kind === 'failure' ? outcome.error.message : `status ${outcome.response.status}`;
  throw new WaypointError({
    code: 'ERR_WAYPOINT_RETRY_BUDGET',
    blame: 'upstream',
    message: `expected room in the retry budget for another try, got none; the last one ended with: ${got}`,
    hint: 'the backend fails more often than retries may mend; retryBudget of a TrafficPolicy bounds them',
    cause: outcome.kind === 'failure' ? outcome.error : undefined,
  });
}

const DEFAULT_REPLAY_MEMORY_BYTES = 67_108_864;
