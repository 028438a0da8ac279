import type { NetNamespace } from '../namespace/network-namespace.ts';
import { runInside } from './command.ts';

/** Istio's rules of either kind, as its agent leaves them in a pod (wire.md §3.3, §3.5). */
const LIST_RULES = '{ iptables-save -t nat; nft list table inet istio-ambient-nat; } 2>/dev/null; true';
const TO_DNS_PROXY = /REDIRECT --to-ports 15053\b|redirect to :15053\b/;

/** Whether Istio's rules send a pod's name resolution to a DNS proxy in its namespace. Rejects with NetError. */
export async function capturesDns(namespace: NetNamespace): Promise<boolean> {
  return TO_DNS_PROXY.test(await runInside(namespace, 'sh', ['-c', LIST_RULES]));
}
