import { closeSync, readFileSync } from 'node:fs';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import {
  decodeAttributes,
  expectAccepted,
  NLM_F_DUMP,
  netlinkTransaction,
  openNetlink,
} from '../system/netlink.ts';
import { runInside } from './command.ts';
import { parseSaveOutput } from './snapshot.ts';

/** A chain of rules that somebody has made, in whatever way. */
export interface NamedChain {
  readonly table: string;
  readonly name: string;
}

/**
 * Which other mesh captures a namespace, by the names of its chains; undefined: none that is known. Looked for where our own
 * iptables does not show it, too: tables of nftables' own, and those of the other iptables. `own`: chains that are ours.
 * Rejects with NetError.
 */
export async function otherMeshIn(
  namespace: NetNamespace,
  own: ReadonlySet<string>,
): Promise<string | undefined> {
  const chains = [...(await nftablesChains(namespace)), ...(await legacyChains(namespace))];
  return meshOfChains(chains.filter(({ name }) => !own.has(name)));
}

/** Pure. */
function meshOfChains(chains: readonly NamedChain[]): string | undefined {
  return MESHES.find(([, is]) => chains.some(is))?.[0];
}

/** Of iptables-nft as well, which is another way to write them. */
async function nftablesChains(namespace: NetNamespace): Promise<readonly NamedChain[]> {
  const descriptor = namespace.inside(() => openNetlink(NETLINK_NETFILTER));
  try {
    const answer = await netlinkTransaction(descriptor, [LIST_CHAINS]);
    // A kernel without nftables has none.
    expectAccepted(answer, `listing chains in ${namespace.path}`, ['EOPNOTSUPP', 'EINVAL', 'ENOENT']);
    return answer.messages.map(({ payload }) => {
      const attributes = decodeAttributes(payload.subarray(NFGENMSG_SIZE));
      return {
        table: text(attributes.get(NFTA_CHAIN_TABLE)),
        name: text(attributes.get(NFTA_CHAIN_NAME)),
      };
    });
  } finally {
    closeSync(descriptor);
  }
}

/** Reading a table of the old iptables makes it, so those alone are read that there are. */
async function legacyChains(namespace: NetNamespace): Promise<readonly NamedChain[]> {
  const families = namespace.inside(() =>
    LEGACY.filter(({ tables }) => {
      try {
        return readFileSync(tables, 'utf8') !== '';
      } catch {
        // The file is missing where the kernel has no such tables.
        return false;
      }
    }),
  );
  const outputs = await Promise.all(families.map(({ save }) => runInside(namespace, save, [])));
  return outputs.flatMap((output) =>
    [...parseSaveOutput(output)].flatMap(([table, { chains }]) =>
      [...chains].map((name) => ({ table, name })),
    ),
  );
}

function text(value: Buffer | undefined): string {
  return value === undefined ? '' : value.toString('utf8').replace(/\0$/, '');
}

/** What each of them calls its chains inside pods. A table of nftables' own may have names of its own. */
const MESHES: readonly (readonly [mesh: string, is: (chain: NamedChain) => boolean])[] = [
  ['Istio', ({ table, name }) => name.startsWith('ISTIO_') || table.startsWith('istio-')],
  ['Linkerd', ({ name }) => name.startsWith('PROXY_INIT_')],
  ['Cilium', ({ name }) => name === 'CILIUM_PREROUTING' || name === 'CILIUM_OUTPUT'],
  ['Kuma', ({ name }) => name.startsWith('KUMA_MESH_')],
  ['Consul', ({ name }) => name.startsWith('CONSUL_PROXY_')],
  // Our mark has gone from it, and with it how it was found.
  ['a nodemesh that left no mark', ({ name }) => name === 'NODEMESH_PRERT' || name === 'NODEMESH_OUTPUT'],
];

const LEGACY = [
  { tables: '/proc/thread-self/net/ip_tables_names', save: 'iptables-legacy-save' },
  { tables: '/proc/thread-self/net/ip6_tables_names', save: 'ip6tables-legacy-save' },
];
const NETLINK_NETFILTER = 12;
const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_GETCHAIN = 4;
const NFTA_CHAIN_TABLE = 1;
const NFTA_CHAIN_NAME = 3;
const NFGENMSG_SIZE = 4;
const LIST_CHAINS = {
  type: (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETCHAIN,
  flags: NLM_F_DUMP,
  /** `struct nfgenmsg` of all families, version 0. */
  payload: Buffer.of(0, 0, 0, 0),
};
