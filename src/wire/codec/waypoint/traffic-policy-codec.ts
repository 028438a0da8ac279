import { create } from '@bufbuild/protobuf';
import {
  type ConnectionSettings,
  type OutlierEjection,
  type RetryBudget,
  type RetrySettings,
  type TrafficLimits,
  type TrafficPolicy,
  type TrafficPolicyKind,
  type TrafficTimeouts,
  trafficPolicyKey,
  type Unset,
} from '../../../model/index.ts';
import {
  ConnectionSettingsSchema,
  OutlierEjectionSchema,
  RetryBudgetSchema,
  RetrySettingsSchema,
  StatusCodesSchema,
  TrafficLimitsSchema,
  type TrafficPolicy as WireTrafficPolicy,
  TrafficPolicyKind as WireTrafficPolicyKind,
  TrafficPolicySchema,
  TrafficTimeoutsSchema,
} from '../../generated/waypoint_traffic_pb.js';
import { enumTable } from '../enum-table.ts';
import { badField, requireText } from '../field.ts';
import { decodeAttachment, encodeAttachment } from './attachment-codec.ts';
import {
  decodeLoadBalancer,
  decodeLocality,
  decodeSlowStart,
  encodeLoadBalancer,
  encodeLocality,
  encodeSlowStart,
} from './load-balancer-codec.ts';
import { decodeMs, encodeMs } from './milliseconds.ts';
import { decodeSessionPersistence, encodeSessionPersistence } from './session-persistence-codec.ts';

const KINDS = enumTable<TrafficPolicyKind>({
  TrafficPolicy: WireTrafficPolicyKind.TRAFFIC_POLICY,
  XBackendTrafficPolicy: WireTrafficPolicyKind.X_BACKEND_TRAFFIC_POLICY,
});

/** `nodemesh.waypoint.TrafficPolicy`. */
export function encodeTrafficPolicy(policy: TrafficPolicy): WireTrafficPolicy {
  const { overrides } = policy;
  const { loadBalancer, locality, slowStart, sessionPersistence } = overrides;
  return create(TrafficPolicySchema, {
    kind: KINDS.encode(policy.kind),
    namespace: policy.namespace,
    name: policy.name,
    createdMs: Number.isFinite(policy.createdMs) ? BigInt(policy.createdMs) : 0n,
    attachments: policy.attachments.map(encodeAttachment),
    loadBalancer: loadBalancer && encodeLoadBalancer(loadBalancer),
    locality: locality && encodeLocality(locality),
    slowStart: slowStart && encodeSlowStart(slowStart),
    panicThresholdPercent: overrides.panicThresholdPercent,
    outliers: isOpen(overrides.outliers) ? undefined : encodeOutliers(overrides.outliers),
    limits: isOpen(overrides.limits) ? undefined : encodeLimits(overrides.limits),
    timeouts: isOpen(overrides.timeouts) ? undefined : encodeTimeouts(overrides.timeouts),
    retry: isOpen(overrides.retry) ? undefined : encodeRetry(overrides.retry),
    retryBudget: isOpen(overrides.retryBudget) ? undefined : encodeRetryBudget(overrides.retryBudget),
    sessionPersistence: sessionPersistence && encodeSessionPersistence(sessionPersistence),
    connections: isOpen(overrides.connections) ? undefined : encodeConnections(overrides.connections),
  });
}

/** Throws ERR_WIRE_FIELD, naming the field. */
export function decodeTrafficPolicy(policy: WireTrafficPolicy): TrafficPolicy {
  const kind = KINDS.decode(policy.kind, 'traffic.kind');
  const namespace = requireText(policy.namespace, 'traffic.namespace');
  const name = requireText(policy.name, 'traffic.name');
  const { loadBalancer, locality, slowStart, sessionPersistence } = policy;
  return {
    kind,
    key: trafficPolicyKey(kind, namespace, name),
    namespace,
    name,
    createdMs: policy.createdMs === 0n ? Number.POSITIVE_INFINITY : Number(policy.createdMs),
    attachments: policy.attachments.map((attachment, index) =>
      decodeAttachment(attachment, `traffic.attachments[${index}]`),
    ),
    overrides: {
      loadBalancer: loadBalancer && decodeLoadBalancer(loadBalancer, 'traffic.load_balancer'),
      locality: locality && decodeLocality(locality, 'traffic.locality'),
      slowStart: slowStart && decodeSlowStart(slowStart, 'traffic.slow_start'),
      panicThresholdPercent: percent(policy.panicThresholdPercent, 'traffic.panic_threshold_percent'),
      outliers: decodeOutliers(policy.outliers),
      limits: decodeLimits(policy.limits),
      timeouts: decodeTimeouts(policy.timeouts),
      retry: decodeRetry(policy.retry),
      retryBudget: decodeRetryBudget(policy.retryBudget),
      sessionPersistence: sessionPersistence && decodeSessionPersistence(sessionPersistence),
      connections: decodeConnections(policy.connections),
    },
  };
}

function encodeOutliers(outliers: Unset<OutlierEjection>) {
  return create(OutlierEjectionSchema, {
    ...outliers,
    failureRatioWindowMs: encodeMs(outliers.failureRatioWindowMs),
    rateLimitedDefaultMs: encodeMs(outliers.rateLimitedDefaultMs),
    rateLimitedMaximumMs: encodeMs(outliers.rateLimitedMaximumMs),
    baseEjectionMs: encodeMs(outliers.baseEjectionMs),
    maximumEjectionMs: encodeMs(outliers.maximumEjectionMs),
  });
}

function decodeOutliers(outliers: WireTrafficPolicy['outliers']): Unset<OutlierEjection> {
  return {
    consecutive5xxErrors: outliers?.consecutive5xxErrors,
    consecutiveGatewayErrors: outliers?.consecutiveGatewayErrors,
    failureRatioPercent: percent(outliers?.failureRatioPercent, 'traffic.outliers.failure_ratio_percent'),
    failureRatioMinimumRequests: outliers?.failureRatioMinimumRequests,
    failureRatioWindowMs: decodeMs(outliers?.failureRatioWindowMs),
    rateLimitedDefaultMs: decodeMs(outliers?.rateLimitedDefaultMs),
    rateLimitedMaximumMs: decodeMs(outliers?.rateLimitedMaximumMs),
    baseEjectionMs: decodeMs(outliers?.baseEjectionMs),
    maximumEjectionMs: decodeMs(outliers?.maximumEjectionMs),
    jitterPercent: percent(outliers?.jitterPercent, 'traffic.outliers.jitter_percent'),
    maximumEjectedPercent: percent(
      outliers?.maximumEjectedPercent,
      'traffic.outliers.maximum_ejected_percent',
    ),
  };
}

function encodeLimits(limits: Unset<TrafficLimits>) {
  return create(TrafficLimitsSchema, { ...limits, maximumPendingMs: encodeMs(limits.maximumPendingMs) });
}

function decodeLimits(limits: WireTrafficPolicy['limits']): Unset<TrafficLimits> {
  return {
    maximumConnections: limits?.maximumConnections,
    maximumPendingRequests: limits?.maximumPendingRequests,
    maximumPendingMs: decodeMs(limits?.maximumPendingMs),
    maximumActiveRequests: limits?.maximumActiveRequests,
    maximumActiveRetries: limits?.maximumActiveRetries,
  };
}

function encodeTimeouts(timeouts: Unset<TrafficTimeouts>) {
  return create(TrafficTimeoutsSchema, {
    connectMs: encodeMs(timeouts.connectMs),
    requestMs: encodeMs(timeouts.requestMs),
    backendRequestMs: encodeMs(timeouts.backendRequestMs),
  });
}

function decodeTimeouts(timeouts: WireTrafficPolicy['timeouts']): Unset<TrafficTimeouts> {
  return {
    connectMs: decodeMs(timeouts?.connectMs),
    requestMs: decodeMs(timeouts?.requestMs),
    backendRequestMs: decodeMs(timeouts?.backendRequestMs),
  };
}

function encodeRetry(retry: Unset<RetrySettings>) {
  const codes = (list: readonly number[] | undefined) =>
    list && create(StatusCodesSchema, { codes: [...list] });
  return create(RetrySettingsSchema, {
    attempts: retry.attempts,
    codes: codes(retry.codes),
    grpcCodes: codes(retry.grpcCodes),
    nonIdempotent: retry.nonIdempotent,
    backoffMs: encodeMs(retry.backoffMs),
    maximumBackoffMs: encodeMs(retry.maximumBackoffMs),
    maximumBodyBytes: encodeMs(retry.maximumBodyBytes),
  });
}

function decodeRetry(retry: WireTrafficPolicy['retry']): Unset<RetrySettings> {
  return {
    attempts: retry?.attempts,
    codes: retry?.codes?.codes,
    grpcCodes: retry?.grpcCodes?.codes,
    nonIdempotent: retry?.nonIdempotent,
    backoffMs: decodeMs(retry?.backoffMs),
    maximumBackoffMs: decodeMs(retry?.maximumBackoffMs),
    maximumBodyBytes: decodeMs(retry?.maximumBodyBytes),
  };
}

function encodeRetryBudget(budget: Unset<RetryBudget>) {
  return create(RetryBudgetSchema, {
    ...budget,
    intervalMs: encodeMs(budget.intervalMs),
    minimumIntervalMs: encodeMs(budget.minimumIntervalMs),
  });
}

function decodeRetryBudget(budget: WireTrafficPolicy['retryBudget']): Unset<RetryBudget> {
  return {
    percent: percent(budget?.percent, 'traffic.retry_budget.percent'),
    intervalMs: decodeMs(budget?.intervalMs),
    minimumRetries: budget?.minimumRetries,
    minimumIntervalMs: decodeMs(budget?.minimumIntervalMs),
  };
}

function encodeConnections(connections: Unset<ConnectionSettings>) {
  return create(ConnectionSettingsSchema, {
    ...connections,
    idleMs: encodeMs(connections.idleMs),
    maximumAgeMs: encodeMs(connections.maximumAgeMs),
  });
}

function decodeConnections(connections: WireTrafficPolicy['connections']): Unset<ConnectionSettings> {
  return {
    idleMs: decodeMs(connections?.idleMs),
    maximumAgeMs: decodeMs(connections?.maximumAgeMs),
    maximumRequests: connections?.maximumRequests,
    maximumConcurrentStreams: connections?.maximumConcurrentStreams,
  };
}

/** A section that says nothing is left out on the wire. */
function isOpen(section: Readonly<Record<string, unknown>>): boolean {
  return Object.values(section).every((value) => value === undefined);
}

function percent(value: number | undefined, path: string): number | undefined {
  if (value !== undefined && value > 100) throw badField(path, `expected 0 to 100, got ${value}`);
  return value;
}
