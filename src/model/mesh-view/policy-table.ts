import type { AuthorizationPolicy } from '../authorization.ts';
import type { PolicyKey, Workload } from '../workload.ts';
import type { ApplicablePolicies } from './mesh-view.ts';

/** Policies by key and by what they select. */
export interface PolicyTable {
  get(key: PolicyKey): AuthorizationPolicy | undefined;
  set(policy: AuthorizationPolicy): void;
  delete(key: PolicyKey): void;
  values(): IterableIterator<AuthorizationPolicy>;
  for(workload: Workload): ApplicablePolicies;
}

/** The namespace under which global policies are filed; no namespace has an empty name. */
const EVERYWHERE = '';

/** An empty table. */
export function createPolicyTable(): PolicyTable {
  const byKey = new Map<PolicyKey, AuthorizationPolicy>();
  const byReach = new Map<string, Set<PolicyKey>>();
  let answers = new WeakMap<Workload, ApplicablePolicies>();

  const unfile = (policy: AuthorizationPolicy): void => {
    const reach = reachOf(policy);
    if (reach === undefined) return;
    const keys = byReach.get(reach);
    keys?.delete(policy.key);
    if (keys?.size === 0) byReach.delete(reach);
  };

  return {
    get: (key) => byKey.get(key),
    set(policy) {
      const before = byKey.get(policy.key);
      if (before !== undefined) unfile(before);
      byKey.set(policy.key, policy);
      const reach = reachOf(policy);
      if (reach !== undefined) {
        const keys = byReach.get(reach) ?? new Set();
        keys.add(policy.key);
        byReach.set(reach, keys);
      }
      answers = new WeakMap();
    },
    delete(key) {
      const policy = byKey.get(key);
      if (policy === undefined) return;
      unfile(policy);
      byKey.delete(key);
      answers = new WeakMap();
    },
    values: () => byKey.values(),
    for(workload) {
      const known = answers.get(workload);
      if (known !== undefined) return known;
      const answer = collect(workload, byKey, byReach);
      answers.set(workload, answer);
      return answer;
    },
  };
}

function collect(
  workload: Workload,
  byKey: ReadonlyMap<PolicyKey, AuthorizationPolicy>,
  byReach: ReadonlyMap<string, ReadonlySet<PolicyKey>>,
): ApplicablePolicies {
  const keys = new Set<PolicyKey>([
    ...(byReach.get(EVERYWHERE) ?? []),
    ...(byReach.get(workload.namespace) ?? []),
    ...workload.authorizationPolicies,
  ]);
  const policies: AuthorizationPolicy[] = [];
  const missing: PolicyKey[] = [];
  for (const key of [...keys].sort()) {
    const policy = byKey.get(key);
    if (policy === undefined) missing.push(key);
    else policies.push(policy);
  }
  return { policies, missing };
}

function reachOf(policy: AuthorizationPolicy): string | undefined {
  switch (policy.scope) {
    case 'global':
      return EVERYWHERE;
    case 'namespace':
      return policy.namespace;
    case 'workload-selector':
      return undefined;
  }
}
