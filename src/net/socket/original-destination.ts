import type { Socket } from 'node:net';
import type { SocketAddress } from '../../model/index.ts';
import {
  decodeSocketAddress4,
  decodeSocketAddress6,
  SOCKADDR_IN_BYTES,
  SOCKADDR_IN6_BYTES,
} from '../system/socket-address.ts';
import { readSocketOption } from '../system/socket-calls.ts';
import { descriptorOf } from './socket-options.ts';

/**
 * Where an accepted connection was headed before a redirection rule turned it here: IPv4 (also on a `[::]` listener)
 * or IPv6. For a connection that no rule touched it is the local address, or undefined when the kernel does not track it,
 * and undefined once the socket is closed.
 */
export function originalDestination(socket: Socket): SocketAddress | undefined {
  const descriptor = descriptorOf(socket);
  if (descriptor === undefined) return undefined;
  if (readSocketOption(descriptor, 'originalDestination4', address4)) return decodeSocketAddress4(address4);
  if (readSocketOption(descriptor, 'originalDestination6', address6)) return decodeSocketAddress6(address6);
  return undefined;
}

// Read and decoded in one go on one thread, so every call can use the same memory.
const address4 = Buffer.alloc(SOCKADDR_IN_BYTES);
const address6 = Buffer.alloc(SOCKADDR_IN6_BYTES);
