import { type IpAddress, type IpFamily, ipFamily, parseIpAddress } from '../../model/index.ts';
import { NetError } from '../errors.ts';
import { runInside } from '../redirection/command.ts';
import { DEFAULT_PROBE_ADDRESSES } from '../redirection-plan/options.ts';
import type { HostFirewall, HostFirewallOptions, ProbeMember } from './host-firewall.ts';

/** As a table of nftables of our own, with its sets in it. */
export function createNftFirewall({ namespace, ipv6 }: HostFirewallOptions): HostFirewall {
  const families: readonly IpFamily[] = ipv6 ? [4, 6] : [4];
  const change = (lines: readonly string[]): Promise<string> =>
    runInside(namespace, 'nft', ['-f', '-'], `${lines.join('\n')}\n`);
  const mine = (address: IpAddress): boolean => families.includes(ipFamily(address));

  /** Undefined: there is none. */
  async function list(): Promise<string | undefined> {
    try {
      return await runInside(namespace, 'nft', ['-n', 'list', 'table', ...TABLE.split(' ')]);
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw error;
    }
  }

  return {
    kind: 'nft',
    async install() {
      const text = await list();
      const isWhole =
        text !== undefined &&
        families.every((family) => text.includes(`@${SETS[family]}`) && text.includes(SOURCES[family])) &&
        text.includes('hook postrouting');
      if (isWhole) return false;
      await change([
        `table ${TABLE} {`,
        ...families.map((family) => `set ${SETS[family]} { type ${TYPES[family]}; }`),
        `chain ${CHAIN} { type nat hook postrouting priority ${PRIORITY}; policy accept; }`,
        '}',
        `flush chain ${TABLE} ${CHAIN}`,
        ...families.map((family) => `add rule ${TABLE} ${CHAIN} ${ruleOf(family)}`),
      ]);
      return true;
    },
    async members() {
      const text = await list();
      if (text === undefined) return undefined;
      const members = [...text.matchAll(ELEMENT)].map(
        ([, address = '', owner = '']) => [parseIpAddress(address), owner] as const,
      );
      return new Map(members);
    },
    async add(members) {
      // A member that is there keeps its comment, so it goes first; all in one transaction.
      const lines = members
        .filter(({ address }) => mine(address))
        .flatMap((member) => [
          element('add', member.address),
          element('delete', member.address),
          withOwner(member),
        ]);
      if (lines.length > 0) await change(lines);
    },
    async delete(addresses) {
      const lines = addresses
        .filter(mine)
        .flatMap((address) => [element('add', address), element('delete', address)]);
      if (lines.length > 0) await change(lines);
    },
    async uninstall() {
      // Adding it first makes deleting it succeed in any case.
      await change([`add table ${TABLE}`, `delete table ${TABLE}`]);
    },
  };
}

/**
 * nftables has no `socket-exists`. The owner of a packet's socket is known for the same packets: those of sockets in this very
 * namespace, not those that are forwarded; so "any owner at all" says the same (docs/adr/0024).
 */
function ruleOf(family: IpFamily): string {
  const word = family === 4 ? 'ip' : 'ip6';
  return `meta l4proto tcp meta skuid != ${NO_USER} ${word} daddr @${SETS[family]} snat ${word} to ${SOURCES[family]}`;
}

function element(verb: 'add' | 'delete', address: IpAddress): string {
  return `${verb} element ${TABLE} ${SETS[ipFamily(address)]} { ${address} }`;
}

function withOwner({ address, owner }: ProbeMember): string {
  return `add element ${TABLE} ${SETS[ipFamily(address)]} { ${address} comment "${owner}" }`;
}

function isAbsence(error: unknown): boolean {
  return (
    error instanceof NetError && error.code === 'ERR_NET_COMMAND' && error.message.includes('No such file')
  );
}

const TABLE = 'inet nodemesh-probes';
const CHAIN = 'postrouting';
const SETS: Readonly<Record<IpFamily, string>> = { 4: 'pods-v4', 6: 'pods-v6' };
const TYPES: Readonly<Record<IpFamily, string>> = { 4: 'ipv4_addr', 6: 'ipv6_addr' };
const SOURCES: Readonly<Record<IpFamily, string>> = {
  4: DEFAULT_PROBE_ADDRESSES.v4,
  6: DEFAULT_PROBE_ADDRESSES.v6,
};
/** Before the chains of others, which have 100 (srcnat): whoever is first to translate a connection's source does. */
const PRIORITY = 95;
/** No user can have this number. */
const NO_USER = 0xffff_ffff;
const ELEMENT = /([0-9a-f.:]+) comment "([^"]*)"/g;
