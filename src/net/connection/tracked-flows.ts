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

/** A TCP connection that conntrack takes to be alive, and that a mesh has something to do with. */
export interface TrackedFlow {
  /** `redirected`: turned elsewhere by a nat rule. `marked`: a proxy's to the application, under the client's address. */
  readonly kind: 'redirected' | 'marked';
  /** Where it was turned to, of a redirected one. */
  readonly answeringPort: number;
  /** The kernel's own words for it, by which it is forgotten. */
  readonly reference: Buffer;
}

/**
 * Of a namespace. One that is over but remembered (TIME-WAIT, CLOSE) is none. The kernel walks its whole table for the
 * answer, some ten milliseconds that another thread waits; and filters there (Linux 5.8 and later), so that a pod's own
 * connections cost little. Rejects with NetError.
 */
export async function listTrackedFlows(namespace: NetNamespace): Promise<readonly TrackedFlow[]> {
  const answers: NetlinkAnswer[] = [];
  await withConntrack(namespace, async (ask) => {
    for (const filter of FILTERS)
      answers.push(
        await ask({ type: GET, flags: NLM_F_DUMP, payload: Buffer.concat([ANY_FAMILY, ...filter]) }),
      );
  });
  const flows = answers.flatMap((answer) => {
    expectAccepted(answer, `listing tracked connections in ${namespace.path}`);
    return answer.messages.flatMap(({ payload }) => decodeFlow(payload) ?? []);
  });
  // The filters overlap, and an old kernel has filtered nothing: each flow is there once, by what it is.
  return [...new Map(flows.map((flow) => [flow.reference.toString('latin1'), flow])).values()];
}

/** Conntrack knows nothing of them any more; one that has ended meanwhile is no error. Rejects with NetError. */
export async function forgetFlows(namespace: NetNamespace, flows: readonly TrackedFlow[]): Promise<void> {
  await withConntrack(namespace, async (ask) => {
    for (const { reference } of flows) {
      const answer = await ask({ type: DELETE, flags: 0, payload: reference });
      expectAccepted(answer, `forgetting a connection in ${namespace.path}`, ['ENOENT']);
    }
  });
}

type Ask = (request: NetlinkRequest) => Promise<NetlinkAnswer>;

async function withConntrack(namespace: NetNamespace, work: (ask: Ask) => Promise<void>): Promise<void> {
  const descriptor = namespace.inside(() => openNetlink(NETLINK_NETFILTER));
  try {
    await work((request) => netlinkTransaction(descriptor, [request]));
  } finally {
    closeSync(descriptor);
  }
}

/** Undefined for what is not alive, or no business of a mesh. */
function decodeFlow(payload: Buffer): TrackedFlow | undefined {
  const attributes = decodeAttributes(payload.subarray(NFGENMSG_SIZE));
  const kind = kindOf(attributes);
  if (kind === undefined || !isLiveTcp(attributes)) return undefined;
  const reference = Buffer.concat([
    payload.subarray(0, NFGENMSG_SIZE),
    ...[CTA_TUPLE_ORIG | NESTED, CTA_ID, CTA_ZONE].map((type) => {
      const value = attributes.get(type & ~NESTED);
      return value === undefined ? NOTHING : encodeAttribute(type, value);
    }),
  ]);
  return { kind, answeringPort: answeringPort(attributes), reference };
}

type Attributes = ReadonlyMap<number, Buffer>;

function kindOf(attributes: Attributes): TrackedFlow['kind'] | undefined {
  if ((readNumber(attributes.get(CTA_STATUS)) & IPS_DST_NAT) !== 0) return 'redirected';
  return REPLY_MARKS.includes(readNumber(attributes.get(CTA_MARK)) & MARK_MASK) ? 'marked' : undefined;
}

function isLiveTcp(attributes: Attributes): boolean {
  const protocol = decodeAttributes(attributes.get(CTA_PROTOINFO) ?? NOTHING);
  const tcp = decodeAttributes(protocol.get(CTA_PROTOINFO_TCP) ?? NOTHING);
  const state = tcp.get(CTA_PROTOINFO_TCP_STATE)?.[0];
  return state !== undefined && state !== TCP_TIME_WAIT && state !== TCP_CLOSE;
}

function answeringPort(attributes: Attributes): number {
  const tuple = decodeAttributes(attributes.get(CTA_TUPLE_REPLY) ?? NOTHING);
  const protocol = decodeAttributes(tuple.get(CTA_TUPLE_PROTO) ?? NOTHING);
  return protocol.get(CTA_PROTO_SRC_PORT)?.readUInt16BE(0) ?? 0;
}

function readNumber(value: Buffer | undefined): number {
  return value === undefined ? 0 : value.readUInt32BE(0);
}

function attribute32(type: number, value: number): Buffer {
  return encodeAttribute(type, uint32(value, 'network'));
}

const NOTHING = Buffer.alloc(0);
const NETLINK_NETFILTER = 12;
const NFNL_SUBSYS_CTNETLINK = 1 << 8;
const GET = NFNL_SUBSYS_CTNETLINK | 1;
const DELETE = NFNL_SUBSYS_CTNETLINK | 2;
const NFGENMSG_SIZE = 4;
const NESTED = 0x8000;
const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_STATUS = 3;
const CTA_PROTOINFO = 4;
const CTA_MARK = 8;
const CTA_ID = 12;
const CTA_ZONE = 18;
const CTA_MARK_MASK = 21;
const CTA_STATUS_MASK = 26;
const CTA_TUPLE_PROTO = 2;
const CTA_PROTO_SRC_PORT = 2;
const CTA_PROTOINFO_TCP = 1;
const CTA_PROTOINFO_TCP_STATE = 1;
const IPS_DST_NAT = 0x20;
const TCP_TIME_WAIT = 7;
const TCP_CLOSE = 8;
const REPLY_MARKS = Object.values(REDIRECTION_NAMES).map(({ replyMark }) => replyMark);
/** `struct nfgenmsg` of both IP families. */
const ANY_FAMILY = Buffer.of(0, 0, 0, 0);

const FILTERS: readonly (readonly Buffer[])[] = [
  [attribute32(CTA_STATUS, IPS_DST_NAT), attribute32(CTA_STATUS_MASK, IPS_DST_NAT)],
  ...REPLY_MARKS.map((mark) => [attribute32(CTA_MARK, mark), attribute32(CTA_MARK_MASK, MARK_MASK)]),
];
