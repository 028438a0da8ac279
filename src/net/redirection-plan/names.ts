/** Under which names, marks and routes the redirection of a pod stands. A pod keeps its own from capture to release. */
export type RedirectionNaming = 'istio' | 'own';

/** Packets that carry `mark` are delivered locally, so that replies to a spoofed client address come back to us. */
export interface PolicyRoute {
  readonly priority: number;
  readonly mark: number;
  readonly mask: number;
  readonly table: number;
}

/** Everything by which our rules can be told from those of others in the same namespace. */
export interface RedirectionNames {
  /** Chains of the same name in several tables, behind the built-in PREROUTING and OUTPUT. */
  readonly prerouting: string;
  readonly output: string;
  /** The packet mark of the proxy's own sockets: they are not captured. */
  readonly mark: number;
  /** What conntrack gives back to replies. */
  readonly replyMark: number;
  readonly policyRoute: PolicyRoute;
}

/** Of both marks: the other bits are other people's. */
export const MARK_MASK = 0xfff;

/**
 * `istio`: those of wire.md §3, as everybody's tools know them. `own`: none that another mesh has (Istio and Cilium share the
 * others), so that one that lets go of a pod late takes nothing of ours along.
 */
export const REDIRECTION_NAMES: Readonly<Record<RedirectionNaming, RedirectionNames>> = {
  istio: named({
    prerouting: 'ISTIO_PRERT',
    output: 'ISTIO_OUTPUT',
    mark: 0x539,
    replyMark: 0x111,
    priority: 32764,
    table: 100,
  }),
  own: named({
    prerouting: 'NODEMESH_PRERT',
    output: 'NODEMESH_OUTPUT',
    mark: 0x6e6,
    replyMark: 0x2e2,
    priority: 32763,
    table: 110,
  }),
};

function named({
  priority,
  table,
  ...names
}: Omit<RedirectionNames, 'policyRoute'> & Pick<PolicyRoute, 'priority' | 'table'>): RedirectionNames {
  return { ...names, policyRoute: { priority, mark: names.replyMark, mask: MARK_MASK, table } };
}
