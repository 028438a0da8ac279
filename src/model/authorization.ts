import type { Cidr } from './cidr.ts';
import type { PolicyKey } from './workload.ts';

/** wire.md §4.2. Exact, prefix and suffix are compared as they are written, in upper and lower case. */
export type StringMatch =
  | { readonly kind: 'exact' | 'prefix' | 'suffix'; readonly value: string }
  /** Any value, as long as there is one. */
  | { readonly kind: 'presence' };

/** Both must be equal; there is no pattern here. */
export interface ServiceAccountMatch {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** Attributes that must all hold; each as wire.md §4.2 says: any positive if there are positives, and no negative. */
export interface Match {
  readonly namespaces: readonly StringMatch[];
  readonly notNamespaces: readonly StringMatch[];
  /** Compared with `<trust domain>/ns/<namespace>/sa/<account>`, without the scheme. */
  readonly principals: readonly StringMatch[];
  readonly notPrincipals: readonly StringMatch[];
  readonly serviceAccounts: readonly ServiceAccountMatch[];
  readonly notServiceAccounts: readonly ServiceAccountMatch[];
  readonly sourceIps: readonly Cidr[];
  readonly notSourceIps: readonly Cidr[];
  readonly destinationIps: readonly Cidr[];
  readonly notDestinationIps: readonly Cidr[];
  /** Ports of the pod, not of the service. */
  readonly destinationPorts: readonly number[];
  readonly notDestinationPorts: readonly number[];
}

/** Holds when any of its matches does, or when it has none. */
export interface Clause {
  readonly matches: readonly Match[];
}

/** Holds when all of its clauses do. */
export interface Rule {
  readonly clauses: readonly Clause[];
}

/** An L4 policy as proxies get it (`istio.security.Authorization`, wire.md §2.3). Holds when any of its rules does. */
export interface AuthorizationPolicy {
  readonly key: PolicyKey;
  readonly name: string;
  readonly namespace: string;
  readonly scope: 'global' | 'namespace' | 'workload-selector';
  readonly action: 'allow' | 'deny';
  readonly rules: readonly Rule[];
  /** Evaluated and counted, never enforced. */
  readonly dryRun: boolean;
  /** Why it could not be understood: its one rule stands in for what was written, and denies everything. Default: it was. */
  readonly notUnderstood?: string;
}

export const EMPTY_MATCH: Match = {
  namespaces: [],
  notNamespaces: [],
  principals: [],
  notPrincipals: [],
  serviceAccounts: [],
  notServiceAccounts: [],
  sourceIps: [],
  notSourceIps: [],
  destinationIps: [],
  notDestinationIps: [],
  destinationPorts: [],
  notDestinationPorts: [],
};

/** The name under which workloads refer to a policy; nothing is checked. */
export function policyKey(namespace: string, name: string): PolicyKey {
  return `${namespace}/${name}` as PolicyKey;
}
