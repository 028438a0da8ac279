import { isRecord, type KubernetesObject, type ResourceTarget, resourceType } from '../kubernetes/index.ts';

/** What a Lease of coordination.k8s.io/v1 says of who leads. */
export interface LeaseRecord {
  /** Empty: nobody, it was given back. */
  readonly holder: string;
  readonly durationMs: number;
  readonly acquiredAtMs: number;
  readonly renewedAtMs: number;
  readonly transitions: number;
}

/** Where a Lease is. */
export function leaseTarget(namespace: string, name: string): ResourceTarget {
  return { resource: LEASES, namespace, name };
}

/** What cannot be read counts as held by nobody known for the usual time, never as free. */
export function readLease(object: KubernetesObject, usualDurationMs: number): LeaseRecord {
  const { holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions } = isRecord(
    object.spec,
  )
    ? object.spec
    : {};
  const seconds = typeof leaseDurationSeconds === 'number' ? leaseDurationSeconds : 0;
  return {
    holder: typeof holderIdentity === 'string' ? holderIdentity : '',
    durationMs: seconds > 0 ? Math.min(seconds * 1000, LONGEST_DURATION_MS) : usualDurationMs,
    acquiredAtMs: timeOf(acquireTime),
    renewedAtMs: timeOf(renewTime),
    transitions: transitionsOf(leaseTransitions),
  };
}

/** The object to write; with the resource version of `present`, so that nobody's write is overwritten. */
export function leaseObject(
  { namespace, name }: ResourceTarget,
  record: LeaseRecord,
  present?: KubernetesObject,
): object {
  return {
    ...present,
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...present?.metadata, namespace, name },
    spec: {
      ...(isRecord(present?.spec) ? present.spec : {}),
      holderIdentity: record.holder,
      // Whole seconds, and never fewer than are meant.
      leaseDurationSeconds: Math.max(1, Math.ceil(record.durationMs / 1000)),
      acquireTime: microTime(record.acquiredAtMs),
      renewTime: microTime(record.renewedAtMs),
      leaseTransitions: record.transitions,
    },
  };
}

/** Kubernetes has 32 bits for them, and refuses what does not fit: then nobody could lead any more. */
function transitionsOf(count: unknown): number {
  return typeof count === 'number' && count >= 0 && count < 2 ** 31 - 1 ? Math.floor(count) : 0;
}

function timeOf(text: unknown): number {
  const ms = typeof text === 'string' ? Date.parse(text) : 0;
  return Number.isFinite(ms) ? ms : 0;
}

/** Kubernetes' MicroTime has six digits behind the point. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

/** Whoever claims the lease for longer, and then does not renew it, must not keep the mesh without a leader. */
const LONGEST_DURATION_MS = 60_000;
const LEASES = resourceType('coordination.k8s.io/v1', 'leases', true);
