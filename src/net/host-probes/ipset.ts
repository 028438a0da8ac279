import {
  type IpAddress,
  type IpFamily,
  ipAddressFromBytes,
  ipAddressToBytes,
  ipFamily,
} from '../../model/index.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import {
  decodeAttributes,
  encodeAttribute,
  expectAccepted,
  listAttributes,
  type NetlinkAnswer,
  type NetlinkRequest,
  NLM_F_DUMP,
  netlinkExchange,
  uint32,
} from '../system/netlink.ts';

/** Makes a set of addresses with comments. Does nothing where it is there. Throws NetError. */
export function createIpset(namespace: NetNamespace, name: string, family: IpFamily): void {
  const payload = encodeMessage(family, [
    nameOf(name),
    encodeAttribute(ATTR.typeName, zeroTerminated('hash:ip')),
    encodeAttribute(ATTR.revision, Buffer.of(REVISION_WITH_COMMENTS)),
    encodeAttribute(ATTR.family, Buffer.of(ADDRESS_FAMILY[family])),
    nested(ATTR.data, [encodeAttribute(DATA.flags | NET_BYTE_ORDER, uint32(WITH_COMMENT, 'network'))]),
  ]);
  const answer = ask(namespace, { type: COMMAND.create, flags: 0, payload });
  expectAccepted(answer, `making the ipset ${name} in ${namespace.path}`);
}

/** Adds a member, or gives the one that is there another comment. Throws NetError. */
export function addToIpset(namespace: NetNamespace, name: string, address: IpAddress, comment: string): void {
  change(namespace, COMMAND.add, name, address, [encodeAttribute(DATA.comment, zeroTerminated(comment))]);
}

/** Takes a member away; does nothing where it is not there. Throws NetError. */
export function deleteFromIpset(namespace: NetNamespace, name: string, address: IpAddress): void {
  change(namespace, COMMAND.delete, name, address, []);
}

/** Members and their comments; undefined: there is no such set. Throws NetError. */
export function listIpset(namespace: NetNamespace, name: string): ReadonlyMap<IpAddress, string> | undefined {
  const request = { type: COMMAND.list, flags: NLM_F_DUMP, payload: encodeMessage(4, [nameOf(name)]) };
  const answer = ask(namespace, request);
  expectAccepted(answer, `listing the ipset ${name} in ${namespace.path}`, ['ENOENT']);
  if (answer.errno !== 0) return undefined;
  const members = answer.messages.flatMap(({ payload }) => {
    const list = decodeAttributes(payload.subarray(NFGENMSG)).get(ATTR.list) ?? NOTHING;
    return listAttributes(list).flatMap(([, entry]) => {
      const data = decodeAttributes(entry);
      // Whatever the family, there is one attribute in it: the address.
      const [address] = listAttributes(data.get(DATA.address) ?? NOTHING);
      if (address === undefined) return [];
      const comment = (data.get(DATA.comment) ?? NOTHING).toString('utf8').replace(/\0.*$/s, '');
      return [[ipAddressFromBytes(address[1]), comment] as const];
    });
  });
  return new Map(members);
}

/** False while a rule still refers to it. Does nothing where it is not there. Throws NetError. */
export function destroyIpset(namespace: NetNamespace, name: string): boolean {
  const answer = ask(namespace, {
    type: COMMAND.destroy,
    flags: 0,
    payload: encodeMessage(4, [nameOf(name)]),
  });
  if (answer.errno === IPSET_BUSY) return false;
  expectAccepted(answer, `removing the ipset ${name} in ${namespace.path}`, ['ENOENT']);
  return true;
}

function change(
  namespace: NetNamespace,
  type: number,
  name: string,
  address: IpAddress,
  more: readonly Buffer[],
): void {
  const family = ipFamily(address);
  const bytes = encodeAttribute(IP_ATTRIBUTE[family] | NET_BYTE_ORDER, ipAddressToBytes(address));
  const data = nested(ATTR.data, [nested(DATA.address, [bytes]), ...more]);
  const answer = ask(namespace, { type, flags: 0, payload: encodeMessage(family, [nameOf(name), data]) });
  expectAccepted(answer, `changing ${address} in the ipset ${name} in ${namespace.path}`);
}

function ask(namespace: NetNamespace, request: NetlinkRequest): NetlinkAnswer {
  const [answer] = namespace.inside(() => netlinkExchange(NETLINK_NETFILTER, [request]));
  if (answer === undefined) throw new Error('one request has one answer');
  return answer;
}

/** `struct nfgenmsg`, then the attributes; the protocol's version comes first. */
function encodeMessage(family: IpFamily, attributes: readonly Buffer[]): Buffer {
  return Buffer.concat([
    Buffer.of(ADDRESS_FAMILY[family], 0, 0, 0),
    encodeAttribute(ATTR.protocol, Buffer.of(PROTOCOL_VERSION)),
    ...attributes,
  ]);
}

function nested(type: number, attributes: readonly Buffer[]): Buffer {
  return encodeAttribute(type | NESTED, Buffer.concat(attributes));
}

function nameOf(name: string): Buffer {
  return encodeAttribute(ATTR.setName, zeroTerminated(name));
}

function zeroTerminated(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

/** Numbers of linux/netfilter/ipset/ip_set.h. */
const NETLINK_NETFILTER = 12;
const SUBSYSTEM = 6 << 8;
const COMMAND = {
  create: SUBSYSTEM | 2,
  destroy: SUBSYSTEM | 3,
  list: SUBSYSTEM | 7,
  add: SUBSYSTEM | 9,
  delete: SUBSYSTEM | 10,
};
const ATTR = { protocol: 1, setName: 2, typeName: 3, revision: 4, family: 5, data: 7, list: 8 };
const DATA = { address: 1, flags: 8, comment: 26 };
const IP_ATTRIBUTE: Readonly<Record<IpFamily, number>> = { 4: 1, 6: 2 };
const ADDRESS_FAMILY: Readonly<Record<IpFamily, number>> = { 4: 2, 6: 10 };
const PROTOCOL_VERSION = 6;
const REVISION_WITH_COMMENTS = 3;
const WITH_COMMENT = 1 << 4;
const IPSET_BUSY = 4100;
const NESTED = 0x8000;
const NET_BYTE_ORDER = 0x4000;
const NFGENMSG = 4;
const NOTHING = Buffer.alloc(0);
