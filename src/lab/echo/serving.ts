import type { Server, Socket } from 'node:net';

/** Something that listens: opened on its port, and closed when the image ends. */
export interface EchoListener {
  open(): Promise<void>;
  close(): void;
}

/** Opens all, says so, and resolves when `signal` has ended them. */
export async function serveUntilAborted(
  listeners: readonly EchoListener[],
  started: () => void,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(listeners.map((listener) => listener.open()));
  started();
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  for (const listener of listeners) listener.close();
}

/** A server on all addresses of the pod. At the end its connections are ended: a pod that goes says goodbye. */
export function socketListener(server: Server, port: number): EchoListener {
  const connections = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });
  return {
    open: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen({ port, host: '::', backlog: 4_096 }, () => resolve());
      }),
    close() {
      server.close();
      for (const socket of connections) socket.end();
    },
  };
}

/** `::ffff:10.1.2.3` → `10.1.2.3`. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/, '');
}
