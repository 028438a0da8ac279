import { createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { type Closable, describeError, MeshError } from '../../../base/index.ts';
import type { Dial } from '../../api/index.ts';
import { CliError } from '../../errors.ts';

/** A port of this machine's loopback, each connection of which is one that somebody dials. */
export interface ForwardedPort extends Closable {
  readonly url: URL;
}

/** What is forwarded, and who hears when that fails. */
export interface ForwardOptions {
  readonly dial: Dial;
  /** 0: whichever is free. */
  readonly port: number;
  /** Connections at a time; more wait for one of them to end. Default 64. */
  readonly most?: number;
  /** One could not be dialled; its client is told the same. */
  onFailure(error: MeshError): void;
}

/** Rejects with ERR_CLI_OPTION where the port cannot be listened on. */
export async function forwardPort(options: ForwardOptions): Promise<ForwardedPort> {
  const { dial, port, most = 64, onFailure } = options;
  const closing = new AbortController();
  const sockets = new Set<Socket>();
  const waiting: Socket[] = [];
  let carried = 0;

  async function carry(socket: Socket): Promise<void> {
    try {
      const stream = await dial(closing.signal);
      if (socket.destroyed) stream.destroy();
      else await new Promise<void>((resolve) => pipeline(socket, stream, socket, () => resolve()));
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      if (!closing.signal.aborted) onFailure(error);
      socket.end(badGateway(error));
    }
  }

  function next(): void {
    while (carried < most) {
      const socket = waiting.shift();
      if (socket === undefined) return;
      if (socket.destroyed) continue;
      carried += 1;
      void carry(socket).finally(() => {
        carried -= 1;
        next();
      });
    }
  }

  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    // Who goes away takes nothing along but his own connection.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    waiting.push(socket);
    next();
  });
  server.maxConnections = MOST_WAITING;
  const stop = (): void => {
    closing.abort();
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(notHere(port, cause)));
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return { url: new URL(`http://127.0.0.1:${bound}/`), close: async () => stop(), destroy: stop };
}

/** A browser shows it. */
function badGateway(error: MeshError): string {
  const text = `${describeError(error)}\n${error.hint ?? ''}\n`;
  return [
    'HTTP/1.1 502 Bad Gateway',
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
    '',
    text,
  ].join('\r\n');
}

function notHere(port: number, cause: Error): CliError {
  return new CliError({
    code: 'ERR_CLI_OPTION',
    blame: 'downstream',
    message: `--port: expected a port that is free on 127.0.0.1, got ${port}: ${cause.message}`,
    hint: 'without --port one is chosen',
    cause,
  });
}

const MOST_WAITING = 256;
