import { type IpAddress, ipAddressFromBytes } from '../../model/index.ts';
import { decodeAttributes, expectAccepted, NLM_F_DUMP, netlinkExchange } from '../system/netlink.ts';
import type { NetNamespace } from './network-namespace.ts';

/** The IP addresses that a namespace's interfaces have, those of `lo` too. Throws NetError. */
export function namespaceAddresses(namespace: NetNamespace): ReadonlySet<IpAddress> {
  const request = { type: RTM_GETADDR, flags: NLM_F_DUMP, payload: Buffer.alloc(IFADDRMSG) };
  const [answer] = namespace.inside(() => netlinkExchange(NETLINK_ROUTE, [request]));
  const addresses = new Set<IpAddress>();
  if (answer === undefined) return addresses;
  expectAccepted(answer, `listing the addresses of ${namespace.path}`);
  for (const { type, payload } of answer.messages) {
    if (type !== RTM_NEWADDR) continue;
    const attributes = decodeAttributes(payload.subarray(IFADDRMSG));
    // Of a point-to-point link IFA_ADDRESS is the other end; IPv6 has IFA_LOCAL on such links alone.
    const bytes = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS);
    if (bytes !== undefined) addresses.add(ipAddressFromBytes(bytes));
  }
  return addresses;
}

const NETLINK_ROUTE = 0;
const RTM_NEWADDR = 20;
const RTM_GETADDR = 22;
/** Length of `struct ifaddrmsg`; zeros ask for every family. */
const IFADDRMSG = 8;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
