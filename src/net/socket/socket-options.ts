import type { Socket } from 'node:net';
import { REDIRECTION_NAMES } from '../redirection-plan/names.ts';
import { setSocketOption } from '../system/socket-calls.ts';

/** When the kernel asks whether a silent peer still lives, and when it gives up. Whole seconds count. */
export interface KeepAliveConfig {
  /** Silence before the first probe, in milliseconds. */
  readonly idleMs: number;
  /** Between probes, in milliseconds. */
  readonly intervalMs: number;
  /** Unanswered probes after which the connection is dead. */
  readonly probes: number;
}

/** wire.md §1.10. */
export const DEFAULT_KEEP_ALIVE: KeepAliveConfig = { idleMs: 180_000, intervalMs: 180_000, probes: 9 };

/** The packet mark of the mesh's own sockets (wire.md §3.1): redirection rules of Istio's names let them pass. */
export const MESH_MARK = REDIRECTION_NAMES.istio.mark;

/**
 * TCP_NODELAY and keep-alive for an accepted socket. Needless for connections of `openListener`, which inherit both.
 * Does nothing once the socket is closed. Throws NetError.
 */
export function tuneAccepted(socket: Socket, keepAlive: KeepAliveConfig = DEFAULT_KEEP_ALIVE): void {
  const descriptor = descriptorOf(socket);
  if (descriptor !== undefined) tuneDescriptor(descriptor, keepAlive);
}

/** The same for a socket that Node does not know yet. A listener hands these options down to what it accepts. */
export function tuneDescriptor(descriptor: number, keepAlive: KeepAliveConfig): void {
  setSocketOption(descriptor, 'noDelay', 1);
  setSocketOption(descriptor, 'keepAlive', 1);
  setSocketOption(descriptor, 'keepAliveIdle', wholeSeconds(keepAlive.idleMs));
  setSocketOption(descriptor, 'keepAliveInterval', wholeSeconds(keepAlive.intervalMs));
  setSocketOption(descriptor, 'keepAliveCount', keepAlive.probes);
}

/** The file descriptor under a socket, or nothing once that is closed. Node has no public way to it. */
export function descriptorOf(socket: Socket): number | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: number } | null };
  const descriptor = handle?.fd;
  return descriptor === undefined || descriptor < 0 ? undefined : descriptor;
}

/** The kernel counts in seconds and refuses zero. */
function wholeSeconds(ms: number): number {
  return Math.max(1, Math.round(ms / 1000));
}
