import type { Socket } from 'node:net';
import type { ByteStream } from '../../base/index.ts';
import { descriptorOf } from '../socket/socket-options.ts';
import { setSocketOptionBytes } from '../system/socket-calls.ts';
import { watchHalfClosed } from './half-closed-watch.ts';

/** A TCP socket as a byte stream. The socket must have been made with `allowHalfOpen`, and stays the caller's. */
export function tcpByteStream(socket: Socket): ByteStream {
  watchHalfClosed(socket);
  return {
    duplex: socket,
    get endedCleanly() {
      return socket.readableEnded;
    },
    reset() {
      if (socket.destroyed) return;
      // Closing with a linger time of zero makes the kernel send RST. Node's resetAndDestroy() does the same but
      // fails, and leaves the socket open, while a half-close still waits behind written data.
      const descriptor = descriptorOf(socket);
      if (descriptor !== undefined) setSocketOptionBytes(descriptor, 'linger', LINGER_NONE);
      socket.destroy();
    },
  };
}

/** `struct linger`: on, zero seconds. */
const LINGER_NONE = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);
