import { closeSync } from 'node:fs';
import { errnoOf } from '../../base/index.ts';
import { ipFamily, parseIpAddress } from '../../model/index.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import { bindSocket, listenOn, openTcpSocket, setSocketOption } from '../system/socket-calls.ts';
import { DEFAULT_KEEP_ALIVE, type KeepAliveConfig, MESH_MARK, tuneDescriptor } from './socket-options.ts';

/** How a port is listened on. Privileged are `transparent`, ports below 1024, and every mark but 0. */
export interface ListenOptions {
  /** `::` takes IPv4 connections too, unless `v6Only`; `0.0.0.0` where the namespace has no IPv6. */
  readonly address: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  /** Connections that may wait to be accepted. Default 1024. */
  readonly backlog?: number;
  /** Packet mark of the listener and of all it accepts. Default the mesh's own, 0x539; 0 sets none (no privilege needed). */
  readonly mark?: number;
  /** Accept connections to addresses that are not local. Default false. */
  readonly transparent?: boolean;
  /** Share the port with other listeners, so that a new generation can take over. Default false. */
  readonly reusePort?: boolean;
  /** Default false. */
  readonly v6Only?: boolean;
  /**
   * How much the kernel keeps of what an accepted connection has not read, before its sender must wait. Default: what
   * the kernel thinks best, which is several MiB for each connection that stalls.
   */
  readonly receiveBufferBytes?: number;
  /** Handed down to the accepted connections, as is TCP_NODELAY. Default wire.md §1.10. */
  readonly keepAlive?: KeepAliveConfig;
}

/**
 * A listening socket in `namespace` (undefined: the process's own). Returns its descriptor for
 * `net.Server.listen({ fd })`, which then owns it. Throws NetError.
 */
export function openListener(namespace: NetNamespace | undefined, options: ListenOptions): number {
  return namespace === undefined ? open(options) : namespace.inside(() => open(options));
}

function open(options: ListenOptions): number {
  const address = parseIpAddress(options.address);
  const family = ipFamily(address);
  const descriptor = openTcpSocket(family);
  try {
    setSocketOption(descriptor, 'reuseAddress', 1);
    if (options.reusePort === true) setSocketOption(descriptor, 'reusePort', 1);
    if (family === 6) setSocketOption(descriptor, 'v6Only', options.v6Only === true ? 1 : 0);
    if (options.transparent === true)
      setSocketOption(descriptor, family === 6 ? 'transparent6' : 'transparent4', 1);
    const mark = options.mark ?? MESH_MARK;
    if (mark !== 0) setSocketOption(descriptor, 'mark', mark);
    if (options.receiveBufferBytes !== undefined) limitReceiveBuffer(descriptor, options.receiveBufferBytes);
    tuneDescriptor(descriptor, options.keepAlive ?? DEFAULT_KEEP_ALIVE);
    bindSocket(descriptor, { address, port: options.port });
    listenOn(descriptor, options.backlog ?? DEFAULT_BACKLOG);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return descriptor;
}

/** Beyond net.core.rmem_max only with privilege over the whole machine; without it that is what there is. */
function limitReceiveBuffer(descriptor: number, bytes: number): void {
  try {
    setSocketOption(descriptor, 'receiveBufferForced', bytes);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error;
    setSocketOption(descriptor, 'receiveBuffer', bytes);
  }
}

const DEFAULT_BACKLOG = 1024;
