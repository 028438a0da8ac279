import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { errnoOf } from '../../base/index.ts';
import { formatAuthority, type IpAddress, ipFamily } from '../../model/index.ts';
import { errorFromErrno, NetError } from '../errors.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import { bindSocket, openTcpSocket, setSocketOption } from '../system/socket-calls.ts';
import { chooseSourcePort } from './source-port.ts';
import { DEFAULT_KEEP_ALIVE, type KeepAliveConfig, tuneDescriptor } from './socket-options.ts';

/** Where to connect to, and what the other side and the redirection rules are to see of the connection. */
export interface ConnectOptions {
  /** Where the connection starts; undefined: in the process's own namespace. */
  readonly namespace: NetNamespace | undefined;
  readonly address: IpAddress;
  readonly port: number;
  /** Packet mark, which the redirection rules look at. Default none. */
  readonly mark?: number;
  /** The address that the other side is to see; need not be an address of this machine. Same family as `address`. */
  readonly sourceAddress?: IpAddress;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Default wire.md §1.10. */
  readonly keepAlive?: KeepAliveConfig;
}

/**
 * A TCP connection, TCP_NODELAY, half-open allowed. The caller owns the socket and must listen for its errors at once.
 * Rejects with NetError; `retryable` then says whether another endpoint, or this one later, may answer.
 */
export async function connectTcp(options: ConnectOptions): Promise<Socket> {
  if (options.sourceAddress !== undefined) {
    for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
      const port = chooseSourcePort();
      if (port === undefined) break;
      try {
        return await connectFrom(options, port);
      } catch (error) {
        if (!isPortTaken(error)) throw error;
      }
    }
  }
  return connectFrom(options, 0);
}

/** `sourcePort` matters with a source address only; 0 leaves it to the kernel. */
function connectFrom(options: ConnectOptions, sourcePort: number): Promise<Socket> {
  const target = formatAuthority(options.address, options.port);
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted) {
      reject(abortedError(target, options.signal.reason));
      return;
    }
    // What is thrown in here rejects the promise.
    const socket = adopt(openSocket(options, sourcePort));
    const settle = (): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      socket.off('connect', onConnect);
      socket.off('error', onError);
    };
    const fail = (error: NetError): void => {
      settle();
      // A socket that is given up may still report what became of it.
      socket.on('error', () => undefined);
      socket.destroy();
      reject(error);
    };
    const onConnect = (): void => {
      settle();
      resolve(socket);
    };
    const onError = (cause: Error): void => {
      fail(errorFromErrno(errnoOf(cause) ?? 'EIO', `connecting to ${target}`, { blame: 'upstream', cause }));
    };
    const onAbort = (): void => fail(abortedError(target, options.signal?.reason));
    const timer = setTimeout(() => fail(timeoutError(target, options.timeoutMs)), options.timeoutMs);
    options.signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', onConnect);
    socket.once('error', onError);
    socket.connect({ host: options.address, port: options.port });
  });
}

function isPortTaken(error: unknown): boolean {
  return (
    error instanceof NetError &&
    (error.code === 'ERR_NET_ADDRESS_IN_USE' || error.code === 'ERR_NET_ADDRESS_UNAVAILABLE')
  );
}

function openSocket(options: ConnectOptions, sourcePort: number): number {
  const { namespace } = options;
  return namespace === undefined
    ? prepare(options, sourcePort)
    : namespace.inside(() => prepare(options, sourcePort));
}

function prepare(options: ConnectOptions, sourcePort: number): number {
  const family = ipFamily(options.address);
  const descriptor = openTcpSocket(family);
  try {
    tuneDescriptor(descriptor, options.keepAlive ?? DEFAULT_KEEP_ALIVE);
    if (options.mark !== undefined) setSocketOption(descriptor, 'mark', options.mark);
    if (options.sourceAddress !== undefined) {
      setSocketOption(descriptor, family === 4 ? 'transparent4' : 'transparent6', 1);
      // Either way a port is taken per destination only; what the kernel chooses, it chooses at connect.
      setSocketOption(descriptor, sourcePort === 0 ? 'bindAddressNoPort' : 'reuseAddress', 1);
      bindSocket(descriptor, { address: options.sourceAddress, port: sourcePort });
    }
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return descriptor;
}

/** Tries at a port of our choice, before the kernel has to find one. */
const PORT_ATTEMPTS = 8;

/** `manualStart`: Node would otherwise read at once, and a socket that is not connected cannot be read. */
function adopt(fd: number): Socket {
  const settings = { fd, readable: true, writable: true, allowHalfOpen: true, manualStart: true };
  return new Socket(settings);
}

function timeoutError(target: string, timeoutMs: number): NetError {
  return new NetError({
    code: 'ERR_NET_CONNECT_TIMEOUT',
    blame: 'upstream',
    message: `connecting to ${target} took longer than ${timeoutMs} ms`,
    retryable: true,
  });
}

function abortedError(target: string, cause: unknown): NetError {
  return new NetError({
    code: 'ERR_NET_CONNECT_ABORTED',
    blame: 'downstream',
    message: `connecting to ${target} was given up`,
    cause,
  });
}
