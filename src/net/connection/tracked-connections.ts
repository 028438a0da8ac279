import { closeSync } from 'node:fs';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import { MARK_MASK, REDIRECTION_NAMES } from '../redirection-plan/names.ts';
import {
  decodeAttributes,
  encodeAttribute,
  expectAccepted,
  NLM_F_DUMP,
  type NetlinkAnswer,
  type NetlinkRequest,
  netlinkTransaction,
  openNetlink,
  uint32,
} from '../system/netlink.ts';

/** Connections that need the redirection to stay as it is, until they have ended. */
export interface TrackedConnections {
  /** Turned to one of our ports by a nat rule. */
  readonly redirected: number;
  /** Ours to the application, under the client's address: replies find back by the policy route. */
  readonly marked: number;
}

/**
 * Counts what conntrack still holds. A connection that is over but remembered (TIME-WAIT, CLOSE) does not count. The
 * kernel walks its whole table for the answer, some ten milliseconds that another thread waits; and filters there
 * (Linux 5.8 and later), so that a pod's own connections cost little. Rejects with NetError.
 */
export async function countTrackedConnections(namespace: NetNamespace): Promise<TrackedConnections> {
  const descriptor = namespace.inside(() => openNetlink(NETLINK_NETFILTER));
  try {
    const answers: NetlinkAnswer[] = [];
    for (const request of DUMPS) answers.push(await netlinkTransaction(descriptor, [request]));
    return count(answers, namespace);
  } finally {
    closeSync(descriptor);
  }
}

function count(answers: readonly NetlinkAnswer[], namespace: NetNamespace): TrackedConnections {
  const flows = answers.flatMap((answer) => {
    expectAccepted(answer, `listing tracked connections in ${namespace.path}`);
    return answer.messages.map(({ payload }) => decodeFlow(payload.subarray(NFGENMSG_SIZE)));
  });
  // The filters overlap, and an old kernel has filtered nothing: each flow is counted once, by what it is.
  const live = new Map(flows.filter(isLiveTcp).map((flow) => [flow.id, flow]));
  let redirected = 0;
  let marked = 0;
  for (const flow of live.values()) {
    if ((flow.status & IPS_DST_NAT) !== 0) redirected += 1;
    else if (REPLY_MARKS.includes(flow.mark & MARK_MASK)) marked += 1;
  }
  return { redirected, marked };
}

interface Flow {
  readonly id: string;
  readonly status: number;
  readonly mark: number;
  readonly tcpState: number | undefined;
}

function decodeFlow(bytes: Buffer): Flow {
  const attributes = decodeAttributes(bytes);
  const protocol = decodeAttributes(attributes.get(CTA_PROTOINFO) ?? NOTHING);
  const tcp = decodeAttributes(protocol.get(CTA_PROTOINFO_TCP) ?? NOTHING);
  return {
    id: (attributes.get(CTA_TUPLE_ORIG) ?? NOTHING).toString('latin1'),
    status: readNumber(attributes.get(CTA_STATUS)),
    mark: readNumber(attributes.get(CTA_MARK)),
    tcpState: tcp.get(CTA_PROTOINFO_TCP_STATE)?.[0],
  };
}

function isLiveTcp({ tcpState }: Flow): boolean {
  return tcpState !== undefined && tcpState !== TCP_TIME_WAIT && tcpState !== TCP_CLOSE;
}

function readNumber(value: Buffer | undefined): number {
  return value === undefined ? 0 : value.readUInt32BE(0);
}

function attribute32(type: number, value: number): Buffer {
  return encodeAttribute(type, uint32(value, 'network'));
}

const NOTHING = Buffer.alloc(0);
const NETLINK_NETFILTER = 12;
const NFNL_SUBSYS_CTNETLINK = 1;
const IPCTNL_MSG_CT_GET = 1;
const NFGENMSG_SIZE = 4;
const CTA_TUPLE_ORIG = 1;
const CTA_STATUS = 3;
const CTA_PROTOINFO = 4;
const CTA_MARK = 8;
const CTA_MARK_MASK = 21;
const CTA_STATUS_MASK = 26;
const CTA_PROTOINFO_TCP = 1;
const CTA_PROTOINFO_TCP_STATE = 1;
const IPS_DST_NAT = 0x20;
const TCP_TIME_WAIT = 7;
const TCP_CLOSE = 8;
const REPLY_MARKS = Object.values(REDIRECTION_NAMES).map(({ replyMark }) => replyMark);
/** `struct nfgenmsg` of both IP families. */
const ANY_FAMILY = Buffer.of(0, 0, 0, 0);

const DUMPS: readonly NetlinkRequest[] = [
  [attribute32(CTA_STATUS, IPS_DST_NAT), attribute32(CTA_STATUS_MASK, IPS_DST_NAT)],
  ...REPLY_MARKS.map((mark) => [attribute32(CTA_MARK, mark), attribute32(CTA_MARK_MASK, MARK_MASK)]),
].map((filter) => ({
  type: (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_GET,
  flags: NLM_F_DUMP,
  payload: Buffer.concat([ANY_FAMILY, ...filter]),
}));
