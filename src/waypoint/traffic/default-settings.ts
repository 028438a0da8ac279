import type { TrafficSettings } from '../../model/index.ts';

const SECOND_MS = 1_000;

/** What holds where no policy says anything. The model says what each value means; docs/config.md repeats them. */
export const DEFAULT_TRAFFIC_SETTINGS: TrafficSettings = {
  loadBalancer: { type: 'least-request', choices: 2 },
  locality: undefined,
  slowStart: undefined,
  panicThresholdPercent: 50,
  outliers: {
    consecutive5xxErrors: 0,
    consecutiveGatewayErrors: 5,
    failureRatioPercent: 0,
    failureRatioMinimumRequests: 20,
    failureRatioWindowMs: 10 * SECOND_MS,
    rateLimitedDefaultMs: SECOND_MS,
    rateLimitedMaximumMs: 0,
    baseEjectionMs: 10 * SECOND_MS,
    maximumEjectionMs: 300 * SECOND_MS,
    jitterPercent: 10,
    maximumEjectedPercent: 10,
  },
  limits: {
    maximumConnections: 10_000,
    maximumPendingRequests: 1_024,
    maximumPendingMs: 5 * SECOND_MS,
    maximumActiveRequests: 10_000,
    maximumActiveRetries: 1_024,
  },
  timeouts: { connectMs: 5 * SECOND_MS, requestMs: 0, backendRequestMs: 0 },
  retry: {
    attempts: 2,
    codes: [503],
    grpcCodes: [14],
    nonIdempotent: false,
    backoffMs: 25,
    maximumBackoffMs: 250,
    maximumBodyBytes: 65_536,
  },
  retryBudget: {
    percent: 20,
    intervalMs: 10 * SECOND_MS,
    minimumRetries: 10,
    minimumIntervalMs: SECOND_MS,
  },
  sessionPersistence: undefined,
  connections: {
    idleMs: 30 * SECOND_MS,
    maximumAgeMs: 0,
    maximumRequests: 0,
    maximumConcurrentStreams: 100,
  },
};
