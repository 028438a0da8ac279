import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { ServerCertificate } from '../server-certificate.ts';
import type { BasicEchoOptions } from './basic-options.ts';

/** What echo-basic is with TCP_ECHO_SERVER: a welcome, then an answer to each of a few words on a line. */
export function tcpEcho(options: BasicEchoOptions, certificate?: ServerCertificate): Server {
  const greet = (socket: Socket): void => talk(options, socket);
  if (certificate === undefined) return createServer(greet);
  const server = createTlsServer({ cert: certificate.certificatePem, key: certificate.keyPem }, greet);
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}

function talk({ pod, port, tlsPort }: BasicEchoOptions, socket: Socket): void {
  socket.on('error', () => socket.destroy());
  const isTls = socket instanceof TLSSocket;
  const assertions = {
    ...pod,
    tcpport: String(port),
    tlsport: String(tlsPort),
    isTLS: isTls,
    ...(isTls && {
      tls: {
        version: socket.getProtocol(),
        serverName: typeof socket.servername === 'string' ? socket.servername : '',
        cipherSuite: socket.getCipher().standardName,
      },
    }),
  };
  const answers: ReadonlyMap<string, string> = new Map([
    ['TEST', JSON.stringify(assertions)],
    ['IS_TLS', String(isTls)],
    ['PING', 'PONG'],
  ]);
  socket.write('Gateway API Test TCP Server\n');
  createInterface({ input: socket }).on('line', (line) => {
    const answer = answers.get(line);
    if (answer !== undefined) socket.write(`${answer}\n`);
  });
}
