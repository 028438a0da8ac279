import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { ServerCertificate } from '../server-certificate.ts';
import { plainAddress } from '../serving.ts';

/** Answers the first bytes with what it knows of the connection, then sends back all that comes, these included. */
export function tcpEcho(options: { readonly hostname: string }, certificate?: ServerCertificate): Server {
  const echo = (socket: Socket): void => serveTcp(options.hostname, socket);
  if (certificate === undefined) return createServer({ allowHalfOpen: true }, echo);
  const { certificatePem, keyPem } = certificate;
  const server = createTlsServer({ cert: certificatePem, key: keyPem, allowHalfOpen: true }, echo);
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}

function serveTcp(hostname: string, socket: Socket): void {
  // A peer that resets is done with us.
  socket.on('error', () => socket.destroy());
  socket.once('end', () => socket.end());
  socket.once('data', (first) => {
    const fields = [
      'StatusCode=200',
      'ServiceVersion=',
      `ServicePort=${socket.localPort ?? ''}`,
      `IP=${plainAddress(socket.remoteAddress)}`,
      'Proto=TCP',
      `Hostname=${hostname}`,
    ];
    socket.write(`${fields.join('\n')}\n`);
    socket.write(first);
    socket.pipe(socket);
  });
}
