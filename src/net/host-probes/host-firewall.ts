import type { IpAddress } from '../../model/index.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';

/** How the rules of a node are written: iptables of either kind, or nftables by itself. */
export type HostFirewallKind = 'iptables-nft' | 'iptables-legacy' | 'nft';

/** The best first. */
export const HOST_FIREWALL_KINDS: readonly HostFirewallKind[] = ['nft', 'iptables-nft', 'iptables-legacy'];

/** An address and whose it is. */
export interface ProbeMember {
  readonly address: IpAddress;
  /** The pod's uid, which the node's administrator sees as a comment. */
  readonly owner: string;
}

/**
 * The node's rules for probes, written one way. Everything is idempotent and says nothing about what is there already. Rejects
 * with NetError.
 */
export interface HostFirewall {
  readonly kind: HostFirewallKind;
  /** Makes the sets and the rule that uses them; false when all of it was there. */
  install(): Promise<boolean>;
  /** Undefined: the sets are not there. */
  members(): Promise<ReadonlyMap<IpAddress, string> | undefined>;
  add(members: readonly ProbeMember[]): Promise<void>;
  delete(addresses: readonly IpAddress[]): Promise<void>;
  /** Takes our rules away, and a table that is empty without them. ipsets stay: both kinds of iptables may use them. */
  uninstall(): Promise<void>;
}

/** In which network namespace, and for which families. */
export interface HostFirewallOptions {
  readonly namespace: NetNamespace;
  readonly ipv6: boolean;
}
