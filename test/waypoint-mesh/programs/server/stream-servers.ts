import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { serverCertificate } from '../../../../src/lab/echo/server-certificate.ts';

const BEHAVIOURS: Readonly<Record<'echo' | 'first' | 'half-close' | 'reset', (socket: Socket) => void>> = {
  echo: (socket) => void socket.pipe(socket),
  first(socket) {
    socket.write(`hello ${socket.remoteAddress}\n`);
    socket.pipe(socket);
  },
  'half-close'(socket) {
    socket.end('all that I have to say\n');
    socket.resume();
  },
  reset: (socket) => void socket.once('data', () => socket.resetAndDestroy()),
};

export function startTcpServer(port: number, behaviour: keyof typeof BEHAVIOURS): void {
  createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    BEHAVIOURS[behaviour](socket);
  }).listen(port, '::');
}

/** Echoes inside TLS, after a line with the SNI; its certificate is one that it made itself. */
export async function startTlsServer(port: number): Promise<void> {
  const { certificatePem, keyPem } = await serverCertificate({ certificate: '/nowhere', key: '/nowhere' });
  const options = { cert: certificatePem, key: keyPem, ALPNProtocols: ['h2', 'echo'] };
  const server = createTlsServer(options, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.write(`${String(socket.servername)} ${socket.alpnProtocol}\n`);
    socket.pipe(socket);
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.listen(port, '::');
}
