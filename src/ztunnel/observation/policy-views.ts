import type { AuthorizationPolicy, PolicyView } from '../../model/index.ts';
import type { PolicyHits } from '../../proxy/index.ts';

/** L4 policies and what each has decided here. */
export function policyViews(
  policies: readonly AuthorizationPolicy[],
  hits: Pick<PolicyHits, 'of'>,
): readonly PolicyView[] {
  return policies.map((policy) => ({
    namespace: policy.namespace,
    name: policy.name,
    kind: 'AuthorizationPolicy',
    action: policy.action.toUpperCase(),
    scope: scopeText(policy),
    dryRun: policy.dryRun,
    ...hits.of(policy.key),
    problem: '',
  }));
}

function scopeText({ scope, namespace }: AuthorizationPolicy): string {
  switch (scope) {
    case 'global':
      return 'the whole mesh';
    case 'namespace':
      return `all workloads in ${namespace}`;
    case 'workload-selector':
      return `workloads in ${namespace} that it selects`;
  }
}
