import { type IpAddress, type IpFamily, ipFamily } from '../../model/index.ts';
import { NetError } from '../errors.ts';
import { runInside } from '../redirection/command.ts';
import { deleteEmptyTables } from '../redirection/empty-tables.ts';
import { parseSaveOutput } from '../redirection/snapshot.ts';
import { HOST_PROBE_NAMES, planHostProbes } from '../redirection-plan/host-probes.ts';
import { formatRestoreInput } from '../redirection-plan/rule-set.ts';
import type { HostFirewall, HostFirewallOptions } from './host-firewall.ts';
import { addToIpset, createIpset, deleteFromIpset, listIpset } from './ipset.ts';

const { chain: CHAIN, sets: SETS } = HOST_PROBE_NAMES;

/** As a chain of iptables in nat POSTROUTING, and ipsets. */
export function createIptablesFirewall(
  kind: 'iptables-nft' | 'iptables-legacy',
  { namespace, ipv6 }: HostFirewallOptions,
): HostFirewall {
  const families: readonly IpFamily[] = ipv6 ? [4, 6] : [4];
  const variant = kind === 'iptables-nft' ? 'nft' : 'legacy';
  const command = (family: IpFamily, what = ''): string =>
    `${family === 4 ? 'iptables' : 'ip6tables'}-${variant}${what}`;
  const isThere = (family: IpFamily, ...parameters: readonly string[]): Promise<boolean> =>
    succeeds(runInside(namespace, command(family), ['-w', '-t', 'nat', ...parameters]));

  async function installFamily(family: IpFamily): Promise<boolean> {
    const hasSet = listIpset(namespace, SETS[family]) !== undefined;
    if (!hasSet) createIpset(namespace, SETS[family], family);
    const hasJump = await isThere(family, '-C', 'POSTROUTING', '-j', CHAIN);
    const [ruleSet] = planHostProbes({ ipv6 }).filter((candidate) => candidate.family === family);
    const tables = ruleSet?.tables ?? [];
    const rules = tables.flatMap(({ chains }) => chains.flatMap((chain) => chain.rules));
    const checks = await Promise.all(rules.map((rule) => isThere(family, '-C', CHAIN, ...rule.split(' '))));
    if (hasSet && hasJump && checks.every(Boolean)) return false;
    const input = formatRestoreInput(tables, () => hasJump);
    await runInside(namespace, command(family, '-restore'), ['-w', '--noflush'], input);
    return true;
  }

  async function uninstallFamily(family: IpFamily): Promise<void> {
    // To look with anything else makes tables that were not there.
    const before = await runInside(namespace, command(family, '-save'), []);
    const rules = parseSaveOutput(before).get('nat')?.rules ?? [];
    if (!before.includes(`:${CHAIN} `)) return;
    const jumps = rules.filter((rule) => rule === `-A POSTROUTING -j ${CHAIN}`);
    const lines = [...jumps.map((rule) => rule.replace('-A', '-D')), `-F ${CHAIN}`, `-X ${CHAIN}`];
    const input = `*nat\n${lines.join('\n')}\nCOMMIT\n`;
    await runInside(namespace, command(family, '-restore'), ['-w', '--noflush'], input);
    const after = parseSaveOutput(await runInside(namespace, command(family, '-save'), []));
    if (after.get('nat')?.isEmpty === true) await deleteEmptyTables(namespace, [{ family, name: 'nat' }]);
  }

  return {
    kind,
    async install() {
      const changed = await Promise.all(families.map(installFamily));
      return changed.includes(true);
    },
    async members() {
      const members = new Map<IpAddress, string>();
      for (const family of families) {
        const found = listIpset(namespace, SETS[family]);
        if (found === undefined) return undefined;
        for (const [address, owner] of found) members.set(address, owner);
      }
      return members;
    },
    async add(members) {
      for (const { address, owner } of members)
        if (families.includes(ipFamily(address)))
          addToIpset(namespace, SETS[ipFamily(address)], address, owner);
    },
    async delete(addresses) {
      for (const address of addresses)
        if (families.includes(ipFamily(address)))
          deleteFromIpset(namespace, SETS[ipFamily(address)], address);
    },
    async uninstall() {
      await Promise.all(families.map(uninstallFamily));
    },
  };
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof NetError && error.code === 'ERR_NET_COMMAND') return false;
    throw error;
  }
}
