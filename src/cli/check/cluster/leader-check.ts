import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesObject } from '../../../controller/index.ts';
import type { Cluster } from '../../install/cluster/cluster.ts';
import { CONTROLLER, NAMESPACE } from '../../install/objects/manifest.ts';
import { type CheckResult, resultsOf } from '../check-result.ts';

const { ok, failed } = resultsOf('cluster');

/** Whether one of the controllers leads: without one nothing is written, and no waypoint deployed. */
export async function leaderCheck(cluster: Cluster): Promise<readonly CheckResult[]> {
  const name = 'leader';
  const before = await cluster.find(LEASE);
  const holder = holderOf(before);
  if (holder !== '' && isFresh(before)) return [ok(name, holder)];
  // Clocks differ. One that is renewed changes meanwhile.
  if (holder !== '') await delay(RENEWED_WITHIN_MS);
  const after = holder === '' ? before : await cluster.find(LEASE);
  if (holder !== '' && after?.metadata.resourceVersion !== before?.metadata.resourceVersion)
    return [ok(name, holderOf(after))];
  const seen =
    before === undefined
      ? 'nobody has been one yet'
      : holder === ''
        ? 'nobody leads'
        : `${holder} has not renewed its lease`;
  return [failed(name, seen, `kubectl -n ${NAMESPACE} logs deployment/${CONTROLLER}`)];
}

function holderOf(lease: KubernetesObject | undefined): string {
  const { holderIdentity } = specOf(lease);
  // A pod's name, and which start of it.
  return (holderIdentity ?? '').replace(/_[0-9a-f]+$/, '');
}

function isFresh(lease: KubernetesObject | undefined): boolean {
  const renewedMs = Date.parse(specOf(lease).renewTime ?? '');
  return Math.abs(Date.now() - renewedMs) < FRESH_MS;
}

function specOf(lease: KubernetesObject | undefined): {
  readonly holderIdentity?: string;
  readonly renewTime?: string;
} {
  return lease?.spec ?? {};
}

const LEASE = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: CONTROLLER, namespace: NAMESPACE },
};
/** A leader renews every 1.5 s. */
const RENEWED_WITHIN_MS = 4_000;
const FRESH_MS = 15_000;
