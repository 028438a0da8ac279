import { ipAddressToBytes, ipFamily, type SocketAddress } from '../../model/index.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import { expectAccepted, netlinkExchange } from '../system/netlink.ts';
import type { TcpConnection } from './tcp-connection.ts';

/**
 * Ends connections abruptly, as `ss --kill` does: both ends see a reset. One that is gone already is no error. Throws
 * NetError, as where the kernel cannot do it (CONFIG_INET_DIAG_DESTROY).
 */
export function resetTcpConnections(namespace: NetNamespace, connections: readonly TcpConnection[]): void {
  if (connections.length === 0) return;
  const requests = connections.map((connection) => ({
    type: SOCK_DESTROY,
    flags: 0,
    payload: encodeDiagRequest(connection),
  }));
  const answers = namespace.inside(() => netlinkExchange(NETLINK_SOCK_DIAG, requests));
  for (const answer of answers)
    expectAccepted(answer, `resetting a connection in ${namespace.path}`, ['ENOENT']);
}

/** `struct inet_diag_req_v2`. */
function encodeDiagRequest({ local, remote }: TcpConnection): Buffer {
  const request = Buffer.alloc(56);
  request[0] = ipFamily(local.address) === 4 ? AF_INET : AF_INET6;
  request[1] = IPPROTO_TCP;
  request.writeUInt32LE(ALL_STATES, 4);
  writeAddress(request, local, 8, 12);
  writeAddress(request, remote, 10, 28);
  request.fill(0xff, COOKIE_OFFSET, COOKIE_OFFSET + 8);
  return request;
}

function writeAddress(
  request: Buffer,
  { address, port }: SocketAddress,
  portOffset: number,
  offset: number,
): void {
  request.writeUInt16BE(port, portOffset);
  request.set(ipAddressToBytes(address), offset);
}

const NETLINK_SOCK_DIAG = 4;
const SOCK_DESTROY = 21;
const IPPROTO_TCP = 6;
const AF_INET = 2;
const AF_INET6 = 10;
const ALL_STATES = 0xffff_ffff;
/** The kernel compares the cookie only when it is not all ones. */
const COOKIE_OFFSET = 48;
