import type { IpFamily } from '../../model/index.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import { encodeAttribute, expectAccepted, netlinkExchange } from '../system/netlink.ts';

/**
 * Takes an empty table of nftables away, which iptables-nft makes on first use and never removes. Does nothing where
 * iptables works without nftables: a table of that kind lives as long as its namespace. Throws NetError.
 */
export function deleteEmptyTable(namespace: NetNamespace, family: IpFamily, table: string): void {
  const requests = [
    { type: NFNL_MSG_BATCH_BEGIN, flags: 0, payload: BATCH_HEADER },
    {
      type: (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_DELTABLE,
      flags: 0,
      payload: Buffer.concat([
        Buffer.of(PROTOCOL_FAMILY[family], 0, 0, 0),
        encodeAttribute(NFTA_TABLE_NAME, Buffer.from(`${table}\0`)),
      ]),
    },
    { type: NFNL_MSG_BATCH_END, flags: 0, payload: BATCH_HEADER },
  ];
  const [answer] = namespace.inside(() => netlinkExchange(NETLINK_NETFILTER, requests, true));
  if (answer === undefined) return;
  expectAccepted(answer, `deleting table ${table} in ${namespace.path}`, ['ENOENT', 'EOPNOTSUPP', 'EINVAL']);
}

const NETLINK_NETFILTER = 12;
const NFNL_SUBSYS_NFTABLES = 10;
const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;
const NFT_MSG_DELTABLE = 2;
const NFTA_TABLE_NAME = 1;
const PROTOCOL_FAMILY: Readonly<Record<IpFamily, number>> = { 4: 2, 6: 10 };
/** `struct nfgenmsg`: any family, version 0, and the subsystem in network order. */
const BATCH_HEADER = Buffer.of(0, 0, 0, NFNL_SUBSYS_NFTABLES);
