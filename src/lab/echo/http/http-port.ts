import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  createSecureServer,
  createServer as createCleartextHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ServerCertificate } from '../server-certificate.ts';

/** What the servers use of a request and its answer; node's compatibility layer gives HTTP/2 the same shape. */
export type EchoRequest = IncomingMessage | Http2ServerRequest;

/** An answer of either version. */
export type EchoResponse = ServerResponse | Http2ServerResponse;

/** What a port does with what comes. */
export interface EchoHandlers {
  handle(request: EchoRequest, response: EchoResponse): void;
  /** An HTTP/1.1 request that asks for another protocol. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** The preface of RFC 9113 §3.4, as far as it takes to tell it from any HTTP/1 request. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n');
const LONGEST_HEAD_BYTES = 256 * 1024;

/** A port for HTTP/1 and, told by its preface, HTTP/2 with prior knowledge; of TLS when there is a certificate. */
export function httpPort(handlers: EchoHandlers, certificate?: ServerCertificate): Server {
  if (certificate !== undefined) return securePort(handlers, certificate);
  const http1 = http1Server(handlers);
  const http2 = createCleartextHttp2Server(handlers.handle);
  return createTcpServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    readFirst(socket, (isHttp2) => {
      if (isHttp2) http2.emit('connection', socket);
      else {
        http1.emit('connection', socket);
        socket.resume();
      }
    });
  });
}

/** For HTTP/1 alone. */
export function http1Server(handlers: EchoHandlers): Server {
  // As Go's server: no time limits of its own. A connection that is closed while idle would look like a failing backend.
  const server = createServer(
    { maxHeaderSize: LONGEST_HEAD_BYTES, keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 },
    handlers.handle,
  );
  server.on('upgrade', handlers.upgrade);
  return server;
}

function securePort(handlers: EchoHandlers, certificate: ServerCertificate): Server {
  const server = createSecureServer(
    { allowHTTP1: true, cert: certificate.certificatePem, key: certificate.keyPem },
    handlers.handle,
  );
  server.on('upgrade', handlers.upgrade);
  // A client that does not like the certificate is no failure of ours.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}

/** Reads until the first bytes tell the version, puts them back, and hands the connection over. */
function readFirst(socket: Socket, decide: (isHttp2: boolean) => void): void {
  let first = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    first = Buffer.concat([first, chunk]);
    const known = Math.min(first.length, PREFACE.length);
    const matches = first.compare(PREFACE, 0, known, 0, known) === 0;
    if (matches && known < PREFACE.length) return;
    socket.off('data', onData).off('end', onEnd);
    socket.pause();
    socket.unshift(first);
    decide(matches);
  };
  // A client that ends before it has said enough.
  const onEnd = (): void => void socket.end();
  socket.on('data', onData).on('end', onEnd);
}
