import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { IpAddress } from '../../src/model/index.ts';
import { connectTcp, MESH_MARK, openListener, originalDestination } from '../../src/net/index.ts';
import type { TestNamespace, TestPair } from '../support/netns.ts';

export const PORT = 8080;

/** The application and an inbound proxy in the server's namespace; the proxy dials the app under the client's address. */
export async function startWorld({ client, server }: TestPair): Promise<{
  dial(address: string): Promise<Socket>;
  close(): Promise<void>;
}> {
  const app = await listen(server, PORT, (socket) => {
    const seenAs = socket.remoteAddress?.replace('::ffff:', '');
    socket.on('data', (chunk) => socket.write(`app sees ${seenAs}: ${chunk}`));
    socket.on('end', () => socket.end());
    socket.on('error', () => socket.destroy());
  });
  const proxy = await listen(server, 15006, async (socket) => {
    const destination = originalDestination(socket);
    if (destination === undefined) throw new Error('no original destination');
    const upstream = await connectTcp({
      namespace: server.namespace,
      ...destination,
      mark: MESH_MARK,
      sourceAddress: socket.remoteAddress?.replace('::ffff:', '') as IpAddress,
      timeoutMs: 5000,
    });
    const name = destination.address;
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
    socket.on('data', (chunk) => upstream.write(chunk));
    upstream.on('data', (chunk) =>
      socket.write(`through the proxy for ${name}:${destination.port}: ${chunk}`),
    );
    socket.on('end', () => upstream.end());
    upstream.on('end', () => socket.end());
  });
  return {
    dial: (address) => dial(client, address, PORT),
    async close() {
      await closeServer(app);
      await closeServer(proxy);
    },
  };
}

/** A listener on every address of a namespace, as the mesh's own are. */
export async function listen(
  { namespace }: TestNamespace,
  port: number,
  onConnection: (socket: Socket) => void,
): Promise<Server> {
  const fd = openListener(namespace, { address: '::', port, transparent: true, reusePort: true });
  const server = createServer({ allowHalfOpen: true }, onConnection);
  server.listen({ fd });
  await once(server, 'listening');
  return server;
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

export function dial(
  { namespace }: TestNamespace,
  address: string,
  port: number,
  mark?: number,
): Promise<Socket> {
  return connectTcp({
    namespace,
    address: address as IpAddress,
    port,
    timeoutMs: 5000,
    ...(mark === undefined ? {} : { mark }),
  });
}

/** All that a server sends until it closes. */
export async function readFrom(
  from: TestNamespace,
  address: string,
  port: number,
  mark?: number,
): Promise<string> {
  const socket = await dial(from, address, port, mark);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.end();
  await once(socket, 'close');
  return text;
}

/** Sends a word and resolves with what comes back, within five seconds. */
export async function ask(socket: Socket, word: string): Promise<string> {
  const answer = once(socket, 'data', { signal: AbortSignal.timeout(30_000) });
  socket.write(word);
  const [chunk] = await answer;
  return String(chunk);
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('it did not come to that within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
