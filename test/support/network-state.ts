import { readSysctls } from '../../src/net/index.ts';
import type { TestNamespace } from './netns.ts';

/** Settings of a namespace that redirection writes. */
export const WRITTEN_SYSCTLS = ['net.netfilter.nf_conntrack_tcp_loose', 'net.ipv4.tcp_migrate_req'];

/**
 * Everything that redirection could leave behind, without counters and times; and without the empty tables of the
 * legacy iptables, which cannot be removed.
 */
export function networkState({ run, namespace }: TestNamespace): Record<string, string> {
  const isLegacy = run('iptables', '-V').includes('legacy');
  const stripped = (text: string): string =>
    text
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .map((line) => line.replace(/ \[\d+:\d+\]/, ''))
      .join('\n')
      .replaceAll(isLegacy ? /\*\w+\n(:\w+ ACCEPT\n)+COMMIT\n/g : /$^/g, '');
  return {
    rules4: stripped(run('iptables-save')),
    rules6: stripped(run('ip6tables-save')),
    nftables: run('sh', '-c', 'if command -v nft >/dev/null; then nft list tables; fi'),
    policyRules4: run('ip', 'rule'),
    policyRules6: run('ip', '-6', 'rule'),
    routes4: run('ip', 'route', 'show', 'table', 'all'),
    routes6: run('ip', '-6', 'route', 'show', 'table', 'all'),
    sysctls: [...readSysctls(namespace, WRITTEN_SYSCTLS)].join(' '),
    allSysctls: run(
      'sh',
      '-c',
      "sysctl -a -r '^net\\.(ipv4|ipv6|netfilter)\\.' 2>/dev/null | grep -Ev 'nf_conntrack_count|random|uuid'",
    ),
  };
}
