import { NetError } from '../errors.ts';
import { namespaceHasIpv6 } from '../redirection/apply.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import { detectHostFirewall, workingFirewalls } from './detect.ts';
import type { HostFirewall, HostFirewallKind, HostFirewallOptions } from './host-firewall.ts';
import { HOST_PROBE_NAMES } from '../redirection-plan/host-probes.ts';
import { destroyIpset } from './ipset.ts';
import { createIptablesFirewall } from './iptables-firewall.ts';
import { createNftFirewall } from './nft-firewall.ts';

/** The rules for probes of a node, `auto`: written as its others are. Rejects with NetError. */
export async function openHostFirewall(
  namespace: NetNamespace,
  kind: HostFirewallKind | 'auto' = 'auto',
): Promise<HostFirewall> {
  const found = kind === 'auto' ? await detectHostFirewall(namespace) : kind;
  return createFirewall(found, { namespace, ipv6: namespaceHasIpv6(namespace) });
}

/** Takes everything of ours away, however it was written. Rejects with NetError. */
export async function removeHostProbes(namespace: NetNamespace): Promise<void> {
  const options = { namespace, ipv6: namespaceHasIpv6(namespace) };
  for (const kind of await workingFirewalls(namespace)) await createFirewall(kind, options).uninstall();
  for (const name of Object.values(HOST_PROBE_NAMES.sets)) await destroySet(namespace, name);
}

/** The kernel lets go of a rule's set a moment after the rule has gone. Rejects with NetError. */
async function destroySet(namespace: NetNamespace, name: string): Promise<void> {
  for (let tries = 0; tries < DESTROY_TRIES; tries += 1) {
    if (destroyIpset(namespace, name)) return;
    await new Promise((resolve) => setTimeout(resolve, DESTROY_PAUSE_MS));
  }
  throw new NetError({
    code: 'ERR_NET_HOST_RULES',
    blame: 'local',
    message: `the ipset ${name} is still in use by a rule that is not ours`,
    hint: `look for it: iptables-save | grep ${name}`,
  });
}

function createFirewall(kind: HostFirewallKind, options: HostFirewallOptions): HostFirewall {
  return kind === 'nft' ? createNftFirewall(options) : createIptablesFirewall(kind, options);
}

const DESTROY_TRIES = 20;
const DESTROY_PAUSE_MS = 50;
