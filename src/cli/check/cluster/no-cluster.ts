import { type CheckResult, resultsOf } from '../check-result.ts';

/** Without a cluster nothing is known about what only a cluster has, and that is said. */
export function noCluster(): readonly CheckResult[] {
  const { notSeen } = resultsOf('cluster');
  return [notSeen('RBAC of controller and ztunnels', 'no cluster was looked at, and a lab has no RBAC')];
}
