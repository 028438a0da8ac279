import { type AuthorizationPolicy, formatCidr, type Match, type StringMatch } from '../../model/index.ts';

const SCOPES = {
  global: 'Global',
  namespace: 'Namespace',
  'workload-selector': 'WorkloadSelector',
} as const;

/** A policy as config_dump shows it: rules are lists of clauses, which are lists of matches. */
export function dumpPolicy(policy: AuthorizationPolicy): Record<string, unknown> {
  return {
    action: policy.action === 'allow' ? 'Allow' : 'Deny',
    name: policy.name,
    namespace: policy.namespace,
    rules: policy.rules.map((rule) => rule.clauses.map((clause) => clause.matches.map(dumpMatch))),
    scope: SCOPES[policy.scope],
    ...(policy.dryRun ? { dryRun: true } : {}),
    ...(policy.notUnderstood === undefined ? {} : { notUnderstood: policy.notUnderstood }),
  };
}

function dumpMatch(match: Match): Record<string, unknown> {
  const shown: Record<string, readonly unknown[]> = {
    namespaces: match.namespaces.map(dumpString),
    notNamespaces: match.notNamespaces.map(dumpString),
    principals: match.principals.map(dumpString),
    notPrincipals: match.notPrincipals.map(dumpString),
    serviceAccounts: match.serviceAccounts,
    notServiceAccounts: match.notServiceAccounts,
    sourceIps: match.sourceIps.map(formatCidr),
    notSourceIps: match.notSourceIps.map(formatCidr),
    destinationIps: match.destinationIps.map(formatCidr),
    notDestinationIps: match.notDestinationIps.map(formatCidr),
    destinationPorts: match.destinationPorts,
    notDestinationPorts: match.notDestinationPorts,
  };
  return Object.fromEntries(Object.entries(shown).filter(([, values]) => values.length > 0));
}

function dumpString(match: StringMatch): unknown {
  switch (match.kind) {
    case 'exact':
      return { Exact: match.value };
    case 'prefix':
      return { Prefix: match.value };
    case 'suffix':
      return { Suffix: match.value };
    case 'presence':
      return 'Presence';
  }
}
