import type { IpFamily } from '../../model/index.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import {
  encodeAttribute,
  expectAccepted,
  type NetlinkRequest,
  NLM_F_CREATE,
  NLM_F_EXCL,
  netlinkExchange,
  uint32,
} from '../system/netlink.ts';
import type { PolicyRoute } from '../redirection-plan/names.ts';

/**
 * As `ip rule add fwmark MARK/MASK lookup TABLE pref PRIORITY` and `ip route add local default dev lo table TABLE`, for
 * each family. Idempotent. Throws NetError, as when `lo` is down.
 */
export function addPolicyRoute(
  namespace: NetNamespace,
  route: PolicyRoute,
  families: readonly IpFamily[],
): void {
  const requests = families.flatMap((family) => [
    { type: RTM_NEWROUTE, flags: NLM_F_CREATE | NLM_F_EXCL, payload: encodeRoute(route, family) },
    { type: RTM_NEWRULE, flags: NLM_F_CREATE | NLM_F_EXCL, payload: encodeRule(route, family) },
  ]);
  exchange(namespace, requests, 'adding the policy route', ['EEXIST']);
}

/** Undoes addPolicyRoute. Idempotent; a family that the namespace does not have counts as undone. Throws NetError. */
export function removePolicyRoute(
  namespace: NetNamespace,
  route: PolicyRoute,
  families: readonly IpFamily[],
): void {
  const requests = families.flatMap((family) => [
    { type: RTM_DELRULE, flags: 0, payload: encodeRule(route, family) },
    { type: RTM_DELROUTE, flags: 0, payload: encodeRoute(route, family) },
  ]);
  exchange(namespace, requests, 'removing the policy route', [
    'ENOENT',
    'ESRCH',
    'EAFNOSUPPORT',
    'EOPNOTSUPP',
  ]);
}

function exchange(
  namespace: NetNamespace,
  requests: readonly NetlinkRequest[],
  operation: string,
  accepted: readonly string[],
): void {
  const answers = namespace.inside(() => netlinkExchange(NETLINK_ROUTE, requests));
  for (const answer of answers) expectAccepted(answer, `${operation} in ${namespace.path}`, accepted);
}

/** `struct fib_rule_hdr` and its attributes. */
function encodeRule(route: PolicyRoute, family: IpFamily): Buffer {
  const header = Buffer.alloc(12);
  header[0] = ADDRESS_FAMILY[family];
  header[4] = route.table;
  header[7] = FR_ACT_TO_TBL;
  return Buffer.concat([
    header,
    encodeAttribute(FRA_PRIORITY, uint32(route.priority)),
    encodeAttribute(FRA_FWMARK, uint32(route.mark)),
    encodeAttribute(FRA_FWMASK, uint32(route.mask)),
    encodeAttribute(FRA_TABLE, uint32(route.table)),
  ]);
}

/** `struct rtmsg` of the default route (prefix length 0) and its attributes. */
function encodeRoute(route: PolicyRoute, family: IpFamily): Buffer {
  const header = Buffer.alloc(12);
  header[0] = ADDRESS_FAMILY[family];
  header[4] = route.table;
  header[5] = RTPROT_BOOT;
  header[6] = family === 4 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
  header[7] = RTN_LOCAL;
  return Buffer.concat([
    header,
    encodeAttribute(RTA_TABLE, uint32(route.table)),
    encodeAttribute(RTA_OIF, uint32(LOOPBACK_INDEX)),
  ]);
}

const NETLINK_ROUTE = 0;
const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_NEWRULE = 32;
const RTM_DELRULE = 33;
const FRA_PRIORITY = 6;
const FRA_FWMARK = 10;
const FRA_TABLE = 15;
const FRA_FWMASK = 16;
const FR_ACT_TO_TBL = 1;
const RTA_OIF = 4;
const RTA_TABLE = 15;
const RTPROT_BOOT = 3;
const RTN_LOCAL = 2;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_HOST = 254;
/** `lo` is made with the namespace and always has this index. */
const LOOPBACK_INDEX = 1;
const ADDRESS_FAMILY: Readonly<Record<IpFamily, number>> = { 4: 2, 6: 10 };
