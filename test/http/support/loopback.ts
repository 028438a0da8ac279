import { once } from 'node:events';
import net from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import type { ByteStream } from '../../../src/base/index.ts';
import {
  type HttpClientConnection,
  type HttpExchange,
  type HttpServerConnection,
  HeaderList,
  readBody,
  type ServeOptions,
} from '../../../src/http/index.ts';

/** A TCP socket as a byte stream, without the kernel's help that src/net has for resets. */
export function socketStream(socket: net.Socket): ByteStream {
  socket.setNoDelay(true);
  return {
    duplex: socket,
    reset: () => void socket.resetAndDestroy(),
    get endedCleanly() {
      return socket.readableEnded;
    },
  };
}

/** Our server's end on a port of this machine, for peers that nobody here wrote. */
export async function withServer(
  serve: (stream: ByteStream, options: ServeOptions) => HttpServerConnection,
  options: ServeOptions,
  work: (port: number) => Promise<void>,
): Promise<void> {
  const connections = new Set<HttpServerConnection>();
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    const connection = serve(socketStream(socket), options);
    connections.add(connection);
    void connection.closed.then(() => connections.delete(connection));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  try {
    await work(typeof address === 'object' && address !== null ? address.port : 0);
  } finally {
    server.close();
    for (const connection of connections) connection.destroy();
    await Promise.all([...connections].map((connection) => connection.closed));
  }
}

/** Our client's end, connected to somebody's server. */
export async function withClient(
  connect: (stream: ByteStream) => HttpClientConnection,
  port: number,
  work: (connection: HttpClientConnection) => Promise<void>,
): Promise<void> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  const connection = connect(socketStream(socket));
  try {
    await work(connection);
  } finally {
    connection.destroy();
    await connection.closed;
  }
}

/**
 * What the test's server does: `/echo` gives the body back as it comes, `/late` reads it whole first, `/hint` sends a 103 before,
 * `/big?N` sends N bytes of unknown length with a trailer, `/cut` breaks off; all else tells what it was asked.
 */
export function behave(exchange: HttpExchange): void {
  const { request } = exchange;
  const [path = '', query = ''] = request.target.split('?');
  const ok = (body: Parameters<HttpExchange['respond']>[0]['body'], headers = new HeaderList()): void =>
    void exchange.respond({ status: 200, headers, body }).catch(() => undefined);
  switch (path) {
    case '/echo':
      ok({ ...request.body, trailers: () => request.body.trailers() });
      return;
    case '/late':
      void readBody(request.body, 1 << 30).then(
        (bytes) => ok(bytesBody(bytes)),
        () => undefined,
      );
      return;
    case '/hint':
      exchange.informational(103, new HeaderList([['link', '</style.css>; rel=preload']]));
      ok(bytesBody(Buffer.from('hinted')));
      return;
    case '/big':
      ok(bigBody(Number(query)), new HeaderList([['trailer', 'x-sum']]));
      return;
    case '/cut': {
      const stream = new PassThrough();
      stream.write('some');
      setTimeout(() => stream.destroy(new Error('cut on purpose')), 20);
      ok({ stream, length: undefined, trailers: () => undefined });
      return;
    }
    default: {
      const text = JSON.stringify({
        version: request.version,
        method: request.method,
        authority: request.authority,
        target: request.target,
        headers: [...request.headers],
      });
      ok(bytesBody(Buffer.from(text)), new HeaderList([['content-type', 'application/json']]));
    }
  }
}

function bytesBody(bytes: Buffer): Parameters<HttpExchange['respond']>[0]['body'] {
  const stream = new PassThrough();
  stream.end(bytes);
  return { stream, length: bytes.length, trailers: () => undefined };
}

function bigBody(bytes: number): Parameters<HttpExchange['respond']>[0]['body'] {
  let left = bytes;
  const stream = new Readable({
    read() {
      const size = Math.min(left, 60_000);
      left -= size;
      this.push(size === 0 ? null : Buffer.alloc(size, 'x'));
    },
  });
  return { stream, length: undefined, trailers: () => new HeaderList([['x-sum', `${bytes}`]]) };
}
