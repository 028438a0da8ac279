import type { IpFamily, SocketAddress } from '../../model/index.ts';
import { encodeSocketAddress } from './socket-address.ts';
import { bindFunction, bindFunctionOffThread, checkResult } from './libc.ts';

/** The socket options in use, by what they are for. Numbers are Linux's, the same on every architecture Node runs on. */
export const SOCKET_OPTIONS = {
  reuseAddress: { level: 1, name: 2 },
  error: { level: 1, name: 4 },
  receiveBuffer: { level: 1, name: 8 },
  keepAlive: { level: 1, name: 9 },
  linger: { level: 1, name: 13 },
  reusePort: { level: 1, name: 15 },
  receiveBufferForced: { level: 1, name: 33 },
  receiveTimeout: { level: 1, name: 20 },
  mark: { level: 1, name: 36 },
  transparent4: { level: 0, name: 19 },
  bindAddressNoPort: { level: 0, name: 24 },
  originalDestination4: { level: 0, name: 80 },
  v6Only: { level: 41, name: 26 },
  transparent6: { level: 41, name: 75 },
  originalDestination6: { level: 41, name: 80 },
  noDelay: { level: 6, name: 1 },
  keepAliveIdle: { level: 6, name: 4 },
  keepAliveInterval: { level: 6, name: 5 },
  keepAliveCount: { level: 6, name: 6 },
} as const satisfies Record<string, { readonly level: number; readonly name: number }>;

/** A name in SOCKET_OPTIONS. */
export type SocketOption = keyof typeof SOCKET_OPTIONS;

/** A TCP socket in the calling thread's network namespace: non-blocking, closed on exec. The caller closes it. */
export function openTcpSocket(family: IpFamily): number {
  const domain = family === 4 ? AF_INET : AF_INET6;
  return checkResult(socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), 'socket');
}

/** A blocking netlink socket of one netlink protocol. The caller closes it. */
export function openNetlinkSocket(protocol: number): number {
  return checkResult(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), 'socket of netlink');
}

/** Sets an option whose value is an integer. Throws NetError. */
export function setSocketOption(descriptor: number, option: SocketOption, value: number): void {
  integer.writeInt32LE(value);
  setSocketOptionBytes(descriptor, option, integer);
}

/** Sets an option whose value is a structure. Throws NetError. */
export function setSocketOptionBytes(descriptor: number, option: SocketOption, value: Uint8Array): void {
  const { level, name } = SOCKET_OPTIONS[option];
  checkResult(setsockopt(descriptor, level, name, value, value.length), `setsockopt ${option}`);
}

/** Reads an option into `value`. False where the kernel has no answer. */
export function readSocketOption(descriptor: number, option: SocketOption, value: Uint8Array): boolean {
  const { level, name } = SOCKET_OPTIONS[option];
  length.writeUInt32LE(value.length);
  return getsockopt(descriptor, level, name, value, length) === 0;
}

/** Throws NetError, EADDRINUSE among others. The descriptor stays the caller's. */
export function bindSocket(descriptor: number, address: SocketAddress): void {
  const encoded = encodeSocketAddress(address);
  checkResult(bind(descriptor, encoded, encoded.length), `bind to ${address.address} port ${address.port}`);
}

/** `backlog`: connections that may wait to be accepted; the kernel cuts it to net.core.somaxconn. Throws NetError. */
export function listenOn(descriptor: number, backlog: number): void {
  checkResult(listen(descriptor, backlog), 'listen');
}

/** Sends one message; blocks until the kernel has it. */
export function sendMessage(descriptor: number, message: Uint8Array): void {
  checkResult(send(descriptor, message, message.length, 0), 'send to netlink');
}

/** Receives one message into `buffer` and returns its length. */
export function receiveMessage(descriptor: number, buffer: Uint8Array): number {
  return checkResult(recv(descriptor, buffer, buffer.length, 0), 'recv from netlink');
}

/** As sendMessage and receiveMessage, without keeping this thread waiting. -1 on failure, without a reason. */
export const sendMessageOffThread = (descriptor: number, message: Uint8Array): Promise<number> =>
  sendOffThread(descriptor, message, message.length, 0);

export const receiveMessageOffThread = (descriptor: number, buffer: Uint8Array): Promise<number> =>
  recvOffThread(descriptor, buffer, buffer.length, 0);

const socket = bindFunction('int socket(int domain, int type, int protocol)');
const bind = bindFunction('int bind(int fd, const void *address, uint32_t length)');
const listen = bindFunction('int listen(int fd, int backlog)');
const setsockopt = bindFunction(
  'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)',
);
const getsockopt = bindFunction('int getsockopt(int fd, int level, int name, void *value, void *length)');
const SEND = 'long send(int fd, const void *message, size_t length, int flags)';
const RECV = 'long recv(int fd, void *buffer, size_t length, int flags)';
const send = bindFunction(SEND);
const recv = bindFunction(RECV);
const sendOffThread = bindFunctionOffThread(SEND);
const recvOffThread = bindFunctionOffThread(RECV);

// One call at a time runs on this thread, so scratch memory can be shared between calls.
const integer = Buffer.alloc(4);
const length = Buffer.alloc(4);

const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const SOCK_STREAM = 1;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x8_0000;
