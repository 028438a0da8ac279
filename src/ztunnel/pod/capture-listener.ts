import { createServer, type Server, type Socket } from 'node:net';
import { type Closable, closeWhenQueueIsEmpty, type Logger } from '../../base/index.ts';
import { kernelIpAddress } from '../../model/index.ts';
import { originalDestination, tcpByteStream } from '../../net/index.ts';
import type { CapturedConnection } from '../outbound/ports.ts';

/**
 * Takes over a listening descriptor and hands out each accepted connection before a byte of it is read. `close` accepts who
 * waits already, then nobody; the connections are whoever's they were given to.
 */
export function startCaptureListener(options: {
  readonly fd: number;
  readonly log: Logger;
  onConnection(connection: CapturedConnection): void;
}): Promise<Closable> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    options.onConnection(captured(socket));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ fd: options.fd }, () => {
      server.off('error', reject);
      // Such as too many open files: the next accept may work again.
      server.on('error', (error) => options.log.warn('accept failed', { error }));
      resolve(closable(server));
    });
  });
}

function captured(socket: Socket): CapturedConnection {
  // Until a splice listens, a reset must not be an unhandled error.
  socket.on('error', ignore);
  return {
    stream: tcpByteStream(socket),
    remote: { address: kernelIpAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 },
    // Asked for by few, and a system call.
    get local() {
      return { address: kernelIpAddress(socket.localAddress ?? ''), port: socket.localPort ?? 0 };
    },
    originalDestination: originalDestination(socket),
  };
}

function closable(server: Server): Closable {
  return {
    close: () => closeWhenQueueIsEmpty(server),
    destroy() {
      if (server.listening) server.close();
    },
  };
}

function ignore(): void {
  // The splice, or the step that fails, reports what became of the connection.
}
