import {
  cidrContains,
  type InboundPath,
  type IpAddress,
  ipFamily,
  parseCidr,
  type SocketAddress,
} from '../../model/index.ts';
import type { InboundPorts } from './ports.ts';

/**
 * Whose address the application sees: the tunnel's other end, or behind a waypoint the client that the waypoint names.
 * Only a waypoint that is bound to this pod or its service is believed; anybody else could name anybody.
 */
export function applicationClient(
  connection: {
    readonly path: InboundPath;
    readonly remote: SocketAddress;
    /** What `forwarded` says. */
    readonly claimed: SocketAddress | undefined;
    readonly target: SocketAddress;
  },
  { view, network }: Pick<InboundPorts, 'view' | 'network'>,
): IpAddress {
  const { path, remote, claimed, target } = connection;
  if (path.kind !== 'through' || claimed === undefined) return remote.address;
  const wanted = ipFamily(target.address);
  const isOfFamily = (address: IpAddress): boolean => ipFamily(address) === wanted;
  // A socket has one family, and a client that dialled the other one has an address of this one too, if it is a pod.
  const address = isOfFamily(claimed.address)
    ? claimed.address
    : view.workloadAt(network, claimed.address)?.addresses.find(isOfFamily);
  if (address === undefined) return remote.address;
  // Answers to such addresses would never come back to us.
  return NOBODYS.some((range) => cidrContains(range, address)) ? remote.address : address;
}

/** Unspecified, loopback, multicast. */
const NOBODYS = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3', '::/127', 'ff00::/8'].map(parseCidr);
