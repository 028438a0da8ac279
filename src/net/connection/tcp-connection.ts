import { readFileSync } from 'node:fs';
import { errnoOf } from '../../base/index.ts';
import { type IpAddress, ipAddressFromBytes, type SocketAddress } from '../../model/index.ts';
import { errorFromErrno } from '../errors.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';

/** The states of tcp(7) in which there is still somebody to talk to, as /proc/net/tcp numbers them. */
export type TcpState =
  | 'established'
  | 'syn-sent'
  | 'syn-received'
  | 'fin-wait'
  | 'close-wait'
  | 'last-ack'
  | 'closing';

/** A TCP connection that has an end in a namespace. */
export interface TcpConnection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly state: TcpState;
  /** Of the socket; 0 when no process holds it any more. Tells a connection from a later one between the same ports. */
  readonly inode: number;
}

/** The connections of a namespace, without listeners and without those that are over (TIME-WAIT). Throws NetError. */
export function listTcpConnections(namespace: NetNamespace): readonly TcpConnection[] {
  return namespace.inside(() =>
    ['/proc/thread-self/net/tcp', '/proc/thread-self/net/tcp6'].flatMap((path) =>
      parseTcpTable(readTable(path)),
    ),
  );
}

/** The text of /proc/net/tcp or tcp6. */
export function parseTcpTable(text: string): readonly TcpConnection[] {
  const connections: TcpConnection[] = [];
  for (const line of text.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [, local, remote, code, , , , , , inode] = fields;
    const state = STATES[code ?? ''];
    if (local === undefined || remote === undefined || state === undefined) continue;
    connections.push({
      local: parseHexAddress(local),
      remote: parseHexAddress(remote),
      state,
      inode: Number(inode),
    });
  }
  return connections;
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const errno = errnoOf(error) ?? 'EIO';
    // A kernel without IPv6 has no such file.
    if (errno === 'ENOENT') return '';
    throw errorFromErrno(errno, `reading ${path}`, { cause: error });
  }
}

/** `0100007F:1F90`: words of 32 bits in host order, so that each reads backwards here; the port reads forwards. */
function parseHexAddress(text: string): SocketAddress {
  const [words = '', port = '0'] = text.split(':');
  const bytes = Buffer.from(words, 'hex');
  bytes.swap32();
  const address: IpAddress = ipAddressFromBytes(bytes);
  return { address, port: Number.parseInt(port, 16) };
}

/** include/net/tcp_states.h, less LISTEN, TIME_WAIT and CLOSE. */
const STATES: Readonly<Record<string, TcpState>> = {
  '01': 'established',
  '02': 'syn-sent',
  '03': 'syn-received',
  '04': 'fin-wait',
  '05': 'fin-wait',
  '08': 'close-wait',
  '09': 'last-ack',
  '0B': 'closing',
};
