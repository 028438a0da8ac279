import { type CheckResult, resultsOf } from './check-result.ts';

/** What only a cluster has. Without one nothing is known about it, and that is said. */
export function clusterChecks(): readonly CheckResult[] {
  const { notSeen } = resultsOf('cluster');
  return [
    notSeen(
      'RBAC of controller and ztunnels',
      'only nodemesh install looks at a cluster, and a lab has no RBAC',
    ),
  ];
}
