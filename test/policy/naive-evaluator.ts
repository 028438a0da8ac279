import {
  type AuthorizationPolicy,
  type Cidr,
  cidrContains,
  type Match,
  type StringMatch,
} from '../../src/model/index.ts';
import type { L4Attributes } from '../../src/policy/index.ts';

/** The sentences of wire.md §4.1 and §4.2 written down as they stand, with no thought of speed. */
export function naiveVerdict(
  policies: readonly AuthorizationPolicy[],
  missing: boolean,
  attributes: L4Attributes,
): 'allow' | 'deny' | 'wait' {
  const enforced = policies.filter((policy) => !policy.dryRun);
  const matching = enforced.filter((policy) => policyMatches(policy, attributes));
  if (matching.some((policy) => policy.action === 'deny')) return 'deny';
  if (missing) return 'wait';
  if (!enforced.some((policy) => policy.action === 'allow')) return 'allow';
  return matching.length > 0 ? 'allow' : 'deny';
}

function policyMatches(policy: AuthorizationPolicy, attributes: L4Attributes): boolean {
  return policy.rules.some((rule) =>
    rule.clauses.every(
      ({ matches }) => matches.length === 0 || matches.some((match) => matchHolds(match, attributes)),
    ),
  );
}

function matchHolds(match: Match, attributes: L4Attributes): boolean {
  if (Object.values(match).every((values) => values.length === 0)) return false;
  const { source } = attributes;
  const text = (value: string | undefined, wanted: StringMatch): boolean => {
    if (value === undefined) return false;
    switch (wanted.kind) {
      case 'exact':
        return value === wanted.value;
      case 'prefix':
        return value.startsWith(wanted.value);
      case 'suffix':
        return value.endsWith(wanted.value);
      case 'presence':
        return value !== '';
    }
  };
  const holds = <T>(positive: readonly T[], negative: readonly T[], is: (wanted: T) => boolean): boolean =>
    (positive.length === 0 || positive.some(is)) && !negative.some(is);
  const principal = source && `${source.trustDomain}/ns/${source.namespace}/sa/${source.serviceAccount}`;
  return (
    holds(match.namespaces, match.notNamespaces, (wanted) => text(source?.namespace, wanted)) &&
    holds(match.principals, match.notPrincipals, (wanted) => text(principal, wanted)) &&
    holds(
      match.serviceAccounts,
      match.notServiceAccounts,
      (wanted) => source?.namespace === wanted.namespace && source.serviceAccount === wanted.serviceAccount,
    ) &&
    holds(match.sourceIps, match.notSourceIps, (wanted: Cidr) =>
      cidrContains(wanted, attributes.sourceAddress),
    ) &&
    holds(match.destinationIps, match.notDestinationIps, (wanted: Cidr) =>
      cidrContains(wanted, attributes.destinationAddress),
    ) &&
    holds(
      match.destinationPorts,
      match.notDestinationPorts,
      (wanted: number) => wanted === attributes.destinationPort,
    )
  );
}
