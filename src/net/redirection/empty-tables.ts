import { closeSync } from 'node:fs';
import type { IpFamily } from '../../model/index.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import {
  encodeAttribute,
  expectAccepted,
  type NetlinkRequest,
  netlinkTransaction,
  openNetlink,
} from '../system/netlink.ts';

/** A table of nftables, by the names iptables-nft gives. */
export interface TableKey {
  readonly family: IpFamily;
  readonly name: string;
}

/**
 * Takes empty tables of nftables away, which iptables-nft makes on first use and never removes; all of them or, when
 * one is not there, none. Does nothing where iptables works without nftables: a table of that kind lives as long as
 * its namespace. Rejects with NetError.
 */
export async function deleteEmptyTables(namespace: NetNamespace, tables: readonly TableKey[]): Promise<void> {
  if (tables.length === 0) return;
  const descriptor = namespace.inside(() => openNetlink(NETLINK_NETFILTER));
  try {
    const answer = await netlinkTransaction(descriptor, [
      { type: NFNL_MSG_BATCH_BEGIN, flags: 0, payload: BATCH_HEADER },
      ...tables.map(encodeDeletion),
      { type: NFNL_MSG_BATCH_END, flags: 0, payload: BATCH_HEADER },
    ]);
    expectAccepted(answer, `deleting tables in ${namespace.path}`, ['ENOENT', 'EOPNOTSUPP', 'EINVAL']);
  } finally {
    closeSync(descriptor);
  }
}

function encodeDeletion({ family, name }: TableKey): NetlinkRequest {
  return {
    type: (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_DELTABLE,
    flags: 0,
    payload: Buffer.concat([
      Buffer.of(PROTOCOL_FAMILY[family], 0, 0, 0),
      encodeAttribute(NFTA_TABLE_NAME, Buffer.from(`${name}\0`)),
    ]),
  };
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
