import { closeSync } from 'node:fs';
import type { Clock, Closable, Timer } from '../../base/index.ts';
import { NetError } from '../errors.ts';
import {
  connectToPath,
  openPacketSocket,
  type ReceivedPacket,
  receivePacket,
  sendPacket,
} from '../system/packet-calls.ts';
import { watchDescriptor } from '../system/poll.ts';

/** One packet with the descriptors that came with it, which are the receiver's to close. */
export interface Packet {
  readonly bytes: Buffer;
  readonly descriptors: readonly number[];
}

/** What a packet socket needs to connect and to poll. */
export interface PacketSocketOptions {
  /** Where the other end listens. */
  readonly path: string;
  /** Longer packets are refused; at most 65,536. */
  readonly mostBytes: number;
  readonly clock: Clock;
}

/** A connected local socket that keeps packets apart (SOCK_SEQPACKET). Idle it costs nothing but its descriptor. */
export interface PacketSocket extends Closable {
  /**
   * The next packet; undefined when the other end is gone. Without `timeoutMs` it waits as long as it takes. One call at a time.
   * @throws NetError ERR_NET_PACKET_CUT for one that is too long or has too many descriptors: they are closed, and the next call
   *   has the next packet. ERR_NET_PACKET_TIMEOUT. What else it throws is the end of the socket.
   */
  receive(timeoutMs?: number): Promise<Packet | undefined>;
  /** Resolves when the kernel has the packet. Not while another `send` or a `receive` is pending. Rejects with NetError. */
  send(packet: Uint8Array, timeoutMs: number): Promise<void>;
}

/** Connects at once or throws NetError: nobody listens there, or too many wait already. */
export function connectPacketSocket(options: PacketSocketOptions): PacketSocket {
  const { path, clock } = options;
  const descriptor = openPacketSocket();
  try {
    connectToPath(descriptor, path);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  const watch = watchDescriptor(descriptor);
  let closed: Error | undefined;
  let abandon: ((cause: Error) => void) | undefined;

  /** Calls `attempt` until it returns something, each time that the kernel says that it may. */
  function when<T>(
    what: 'readable' | 'writable',
    attempt: () => T | undefined,
    timeoutMs?: number,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      let timer: Timer | undefined;
      const finish = (end: () => void): void => {
        timer?.cancel();
        watch.pause();
        abandon = undefined;
        end();
      };
      const look = (): void => {
        try {
          const result = attempt();
          if (result !== undefined) finish(() => resolve(result));
        } catch (error) {
          finish(() => reject(error));
        }
      };
      abandon = (cause) => finish(() => reject(cause));
      if (timeoutMs !== undefined)
        timer = clock.after(timeoutMs, () => abandon?.(timeout(path, what, timeoutMs)));
      watch.watch(what, look);
    });
  }

  function destroy(cause: Error = closedError(path)): void {
    if (closed !== undefined) return;
    closed = cause;
    watch.close();
    closeSync(descriptor);
    abandon?.(cause);
  }

  return {
    async receive(timeoutMs) {
      if (closed !== undefined) throw closed;
      const attempt = (): ReceivedPacket | 'end' | undefined => receivePacket(descriptor, options.mostBytes);
      const packet = attempt() ?? (await when('readable', attempt, timeoutMs));
      if (packet === 'end') return undefined;
      if (packet.cut === undefined) return packet;
      closeDescriptors(packet.descriptors);
      throw cutError(packet.cut, options.mostBytes);
    },
    async send(packet, timeoutMs) {
      if (closed !== undefined) throw closed;
      const attempt = (): true | undefined => (sendPacket(descriptor, packet) ? true : undefined);
      if (attempt() === undefined) await when('writable', attempt, timeoutMs);
    },
    async close() {
      destroy();
    },
    destroy,
  };
}

/** For packets that nobody wants: what came with them must not stay open. */
export function closeDescriptors(descriptors: readonly number[]): void {
  for (const descriptor of descriptors) closeSync(descriptor);
}

function timeout(path: string, what: 'readable' | 'writable', timeoutMs: number): NetError {
  const missed = what === 'readable' ? 'sent' : 'took';
  return new NetError({
    code: 'ERR_NET_PACKET_TIMEOUT',
    blame: 'upstream',
    message: `the other end of ${path} ${missed} no packet within ${timeoutMs} ms`,
    retryable: true,
  });
}

function cutError(cut: 'bytes' | 'descriptors', mostBytes: number): NetError {
  return new NetError({
    code: 'ERR_NET_PACKET_CUT',
    blame: 'upstream',
    message:
      cut === 'bytes'
        ? `expected packets of at most ${mostBytes} bytes, got a longer one`
        : 'expected no more than a few descriptors with a packet, and room for them in this process',
  });
}

function closedError(path: string): NetError {
  return new NetError({
    code: 'ERR_NET_PACKET_CLOSED',
    blame: 'local',
    message: `the socket to ${path} was closed here`,
  });
}
