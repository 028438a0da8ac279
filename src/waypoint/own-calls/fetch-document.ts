import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../../base/index.ts';
import {
  connectHttp1,
  HeaderList,
  type HttpClientConnection,
  type HttpConfig,
  NO_BODY,
} from '../../http/index.ts';
import type { FetchDocument } from '../authentication/keys/index.ts';
import { asByteStream, type ConnectTo } from './connect-to.ts';

/**
 * GET over HTTP/1.1 through the mesh where the host is part of it: what is behind https is checked against the roots that
 * Node has. One connection for each document, for they are seldom asked for. Follows no redirections: who is to be trusted
 * is written down.
 */
export function createFetchDocument(deps: {
  readonly connectTo: ConnectTo;
  readonly config: HttpConfig;
  readonly clock: Clock;
}): FetchDocument {
  const { connectTo, config, clock } = deps;
  return async (url, { signal, headers }) => {
    const { protocol, hostname, port, host, pathname, search } = new URL(url);
    const isSecure = protocol === 'https:';
    // Of an IPv6 address, without its brackets.
    const name = hostname.replace(/^\[(.*)\]$/, '$1');
    const plain = await connectTo(
      { kind: 'host', host: name, port: port === '' ? (isSecure ? 443 : 80) : Number(port) },
      signal,
    );
    const duplex = isSecure ? await secure(plain, name, signal) : plain;
    const connection = connectHttp1(asByteStream(duplex), { config, clock });
    try {
      const response = await connection.send(
        {
          version: '1.1',
          method: 'GET',
          scheme: isSecure ? 'https' : 'http',
          authority: host,
          target: `${pathname}${search}`,
          headers: new HeaderList(Object.entries(headers)),
          body: NO_BODY,
          upgrade: undefined,
          expectContinue: false,
        },
        { signal },
      );
      return {
        status: response.status,
        headers: { get: (field) => response.headers.get(field) ?? null },
        body: bodyOf(response.body.stream, connection),
      };
    } catch (error) {
      connection.destroy();
      throw error;
    }
  };
}

/** The connection ends with the reading, whether that was to the end or not. */
async function* bodyOf(
  stream: AsyncIterable<Uint8Array> | undefined,
  connection: HttpClientConnection,
): AsyncGenerator<Uint8Array> {
  try {
    yield* stream ?? [];
  } finally {
    connection.destroy();
  }
}

function secure(socket: Duplex, host: string, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      tls.destroy();
      reject(signal.reason as Error);
    };
    const tls = connectTls({ socket, servername: host, host, ALPNProtocols: ['http/1.1'] }, () => {
      signal.removeEventListener('abort', onAbort);
      tls.off('error', reject);
      resolve(tls);
    });
    signal.addEventListener('abort', onAbort, { once: true });
    tls.once('error', reject);
  });
}
