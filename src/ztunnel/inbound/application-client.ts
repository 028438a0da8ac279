import { cidrContains, type InboundPath, type IpAddress, ipFamily, parseCidr } from '../../model/index.ts';
import type { Endpoint } from '../../proxy/index.ts';

/**
 * Whose address the application sees: the tunnel's other end, or behind a waypoint the client that the waypoint names.
 * Only a waypoint that is bound to this pod or its service is believed; anybody else could name anybody.
 */
export function applicationClient(connection: {
  readonly path: InboundPath;
  readonly remote: Endpoint;
  /** What `forwarded` says. */
  readonly claimed: Endpoint | undefined;
  readonly target: Endpoint;
}): IpAddress {
  const { path, remote, claimed, target } = connection;
  if (path.kind !== 'through' || claimed === undefined) return remote.address;
  const { address } = claimed;
  // A socket has one family, and answers to such addresses would never come back to us.
  if (ipFamily(address) !== ipFamily(target.address)) return remote.address;
  return NOBODYS.some((range) => cidrContains(range, address)) ? remote.address : address;
}

/** Unspecified, loopback, multicast. */
const NOBODYS = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3', '::/127', 'ff00::/8'].map(parseCidr);
