import { shortList } from '../terminal/index.ts';
import type { ManifestObject } from '../../lab/index.ts';
import { type CheckResult, resultsOf } from './check-result.ts';
import { blockingPolicies, type Claims } from './network-policies.ts';

const NAME = 'NetworkPolicies and port 15008';

/** What is said where they could not be read. */
export function networkPoliciesNotSeen(why: string): CheckResult {
  return resultsOf('mesh').notSeen(NAME, why);
}

/** One result for each policy in the way, or one that says that none is. */
export function networkPolicyChecks(
  objects: readonly ManifestObject[],
  claims: Claims,
): readonly CheckResult[] {
  const { ok, failed } = resultsOf('mesh');
  const count = objects.filter(({ kind }) => kind === 'NetworkPolicy').length;
  const blocking = blockingPolicies(objects, claims);
  if (blocking.length === 0)
    return [ok(NAME, count === 0 ? 'there is no NetworkPolicy' : `none of ${count} is in the way`)];
  return blocking.map(({ namespace, policy, direction, pods }) => {
    const way = direction === 'Ingress' ? 'to' : 'from';
    return failed(
      NAME,
      `${namespace}/${policy} lets nothing through ${way} ${shortList(pods, 3)} on TCP 15008`,
      `add a rule with ports: [{port: 15008, protocol: TCP}] to its ${direction.toLowerCase()}: between pods of the mesh everything comes on that port; who may connect is for an AuthorizationPolicy`,
    );
  });
}
