import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type Splice, splice, tcpByteStream } from '../../src/net/index.ts';

/** client ══ near ── splice ── far ══ server: two real TCP connections, joined. */
export interface SplicedPair {
  readonly client: Socket;
  /** The end that the splice holds of the client's connection. */
  readonly near: Socket;
  readonly far: Socket;
  readonly server: Socket;
  readonly splice: Splice;
}

/** The ends are the test's to close; the pair's listeners are closed already. */
export async function createSplicedPair(): Promise<SplicedPair> {
  const [client, near] = await createConnection();
  const [far, server] = await createConnection();
  return { client, near, far, server, splice: splice(tcpByteStream(near), tcpByteStream(far)) };
}

/** The two ends of a TCP connection over loopback, half-open allowed. */
export async function createConnection(): Promise<readonly [dialed: Socket, accepted: Socket]> {
  const listener: Server = createServer({ allowHalfOpen: true });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const accepting = once(listener, 'connection');
  const dialed = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(dialed, 'connect');
  const [accepted] = (await accepting) as [Socket];
  listener.close();
  return [dialed, accepted];
}

/** How a socket ends: its error's code, or `end` and `close` in the order they came. */
export async function endingOf(socket: Socket): Promise<string> {
  const seen: string[] = [];
  socket.on('end', () => seen.push('end'));
  socket.on('error', (error: NodeJS.ErrnoException) => seen.push(error.code ?? error.message));
  socket.resume();
  if (!socket.closed) await once(socket, 'close').catch(() => once(socket, 'close'));
  return seen.join(' ');
}
