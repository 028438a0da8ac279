import { NetError } from '../errors.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import { runInside } from '../redirection/command.ts';
import { HOST_FIREWALL_KINDS, type HostFirewallKind } from './host-firewall.ts';

/**
 * How the node's own rules are written: as kubelet and kube-proxy write theirs; where neither has any, in the first way that
 * works here. Rejects with ERR_NET_HOST_RULES when none does.
 */
export async function detectHostFirewall(namespace: NetNamespace): Promise<HostFirewallKind> {
  const { nft, 'iptables-nft': byNft, 'iptables-legacy': byLegacy } = await look(namespace);
  if (nft !== undefined && /\bkube-proxy$/m.test(nft)) return 'nft';
  const [linesByNft, linesByLegacy] = [kubernetesLines(byNft), kubernetesLines(byLegacy)];
  if (linesByNft + linesByLegacy > 0) return linesByNft >= linesByLegacy ? 'iptables-nft' : 'iptables-legacy';
  const [first] = await workingFirewalls(namespace);
  return first;
}

/** The ways to write rules that this image and this kernel have, the best first. Rejects with ERR_NET_HOST_RULES where there is none. */
export async function workingFirewalls(
  namespace: NetNamespace,
): Promise<readonly [HostFirewallKind, ...HostFirewallKind[]]> {
  const outputs = await look(namespace);
  const [first, ...others] = HOST_FIREWALL_KINDS.filter((kind) => outputs[kind] !== undefined);
  if (first === undefined) throw noneWorks(namespace);
  return [first, ...others];
}

/** What each of them lists. */
async function look(
  namespace: NetNamespace,
): Promise<Readonly<Record<HostFirewallKind, string | undefined>>> {
  const [nft, byNft, byLegacy] = await Promise.all([
    outputOf(namespace, 'nft', 'list', 'tables'),
    outputOf(namespace, 'iptables-nft-save'),
    outputOf(namespace, 'iptables-legacy-save'),
  ]);
  return { nft, 'iptables-nft': byNft, 'iptables-legacy': byLegacy };
}

function noneWorks(namespace: NetNamespace): NetError {
  return new NetError({
    code: 'ERR_NET_HOST_RULES',
    blame: 'local',
    message: `none of ${HOST_FIREWALL_KINDS.join(', ')} works in ${namespace.path}`,
    hint: 'the image must have nftables or iptables, and writing rules takes CAP_NET_ADMIN in the network of the node',
  });
}

/** Chains of the kubelet (KUBE-IPTABLES-HINT is there for this very purpose) and of kube-proxy, and rules in them. */
function kubernetesLines(text: string | undefined): number {
  return (text ?? '').split('\n').filter((line) => /^(?::|-A )KUBE-/.test(line)).length;
}

/** Undefined: it is not installed, or does not work. */
async function outputOf(
  namespace: NetNamespace,
  command: string,
  ...parameters: readonly string[]
): Promise<string | undefined> {
  try {
    return await runInside(namespace, command, parameters);
  } catch (error) {
    if (error instanceof NetError && error.code === 'ERR_NET_COMMAND') return undefined;
    throw error;
  }
}
