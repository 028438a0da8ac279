import type { Socket } from 'node:net';
import { descriptorOf } from '../socket/socket-options.ts';
import { readSocketOption } from '../system/socket-calls.ts';

/**
 * Destroys the socket with an error, within about a second, when its peer resets it after having ended its own half.
 * Node stops polling a socket at its end and would learn of the reset only by writing. The kernel knows: it is asked
 * now and then, about the half-closed sockets alone.
 */
export function watchHalfClosed(socket: Socket): void {
  socket.once('end', () => {
    if (socket.destroyed) return;
    halfClosed.add(socket);
    timer ??= setInterval(checkAll, INTERVAL_MS).unref();
    socket.once('close', () => halfClosed.delete(socket));
  });
}

function checkAll(): void {
  // Stopped here and not at each close: most sockets are half-closed for a moment only.
  if (halfClosed.size === 0) {
    clearInterval(timer);
    timer = undefined;
  }
  for (const socket of halfClosed) {
    const descriptor = descriptorOf(socket);
    if (descriptor === undefined || !readSocketOption(descriptor, 'error', pendingError)) continue;
    // The errno is ECONNRESET or, the peer having ended before, EPIPE: either way the connection is gone.
    if (pendingError.readInt32LE(0) !== 0)
      socket.destroy(Object.assign(new Error('reset after half-close'), { code: 'ECONNRESET' }));
  }
}

const halfClosed = new Set<Socket>();
let timer: NodeJS.Timeout | undefined;
const pendingError = Buffer.alloc(4);
const INTERVAL_MS = 1000;
