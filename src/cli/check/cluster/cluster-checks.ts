import { describeError } from '../../../base/index.ts';
import type { Cluster } from '../../install/cluster/cluster.ts';
import { type CheckResult, resultsOf } from '../check-result.ts';
import { accessCheck } from './access-check.ts';
import { authorityCheck } from './authority-check.ts';
import { gatewayClassCheck, rootsCheck, webhookCheck } from './configuration-checks.ts';
import { leaderCheck } from './leader-check.ts';
import { leftCleanUpCheck } from './left-clean-up-check.ts';
import { controllerCheck, restartChecks, ztunnelCheck } from './rollout-checks.ts';

/**
 * What a mesh is made of in a cluster, by its objects alone: `nodemesh check` says it of one that is there, `nodemesh install`
 * at its end of its own. What may not be read is not seen; nothing rejects.
 */
export async function clusterChecks(cluster: Cluster): Promise<readonly CheckResult[]> {
  const results = await Promise.all(
    CHECKS.map(async ([name, check]) => {
      try {
        return await check(cluster);
      } catch (error) {
        return [resultsOf('cluster').notSeen(name, describeError(error))];
      }
    }),
  );
  return results.flat();
}

type Check = (cluster: Cluster) => Promise<readonly CheckResult[]>;

const CHECKS: readonly (readonly [name: string, check: Check])[] = [
  ['controller', controllerCheck],
  ['leader', leaderCheck],
  ['ztunnels', ztunnelCheck],
  ['clean-up of nodes', leftCleanUpCheck],
  ['restarts', restartChecks],
  ['root certificates', rootsCheck],
  ['authority', authorityCheck],
  ['RBAC of controller and ztunnels', accessCheck],
  ['webhook', webhookCheck],
  ['GatewayClass', gatewayClassCheck],
];
