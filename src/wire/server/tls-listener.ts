import type { AddressInfo, Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import {
  type Clock,
  type Closable,
  describeError,
  HandshakeGate,
  type Logger,
  type Timer,
} from '../../base/index.ts';
import { WireError } from '../errors.ts';

/** PEM. The certificate is followed by its intermediates. */
export interface ServerCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** An address (port 0: any free one), or a listening socket that somebody else opened. */
export type ListenTarget = { readonly host: string; readonly port: number } | { readonly fd: number };

/** Where to listen, and how long strangers may take. */
export interface TlsListenerOptions {
  readonly target: ListenTarget;
  readonly certificate: ServerCertificate;
  readonly maxConnections: number;
  readonly handshakeTimeoutMs: number;
  /** A connection that nobody has vouched for by then is cut: strangers must not use up the connections. */
  readonly trustTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Given sockets that finished their handshake and speak HTTP/2. */
  onConnection(socket: TLSSocket): void;
}

/** Accepts TLS 1.3 with ALPN h2 and nothing else; whatever else arrives is dropped here. */
export interface TlsListener extends Closable {
  readonly address: { readonly host: string; readonly port: number };
  readonly connections: number;
  /** From the next handshake on. Throws WireError ERR_WIRE_CREDENTIALS and keeps the former when it is unusable. */
  setCertificate(certificate: ServerCertificate): void;
  /** Vouches for the connection of `address:port`: a caller on it proved who it is. */
  trust(peer: string): void;
  /** Cuts the connection of `address:port`, if there is one. */
  drop(peer: string): void;
}

/** Resolves once it listens; the caller closes it. Rejects with ERR_WIRE_LISTEN or ERR_WIRE_CREDENTIALS. */
export async function openTlsListener(options: TlsListenerOptions): Promise<TlsListener> {
  const { log } = options;
  const sockets = new Map<string, TLSSocket>();
  const probation = new Map<string, Timer>();
  const trust = (peer: string): void => {
    probation.get(peer)?.cancel();
    probation.delete(peer);
  };
  const server = createTlsServer(options);
  server.maxConnections = options.maxConnections;
  const handshakes = new HandshakeGate(MAX_UNFINISHED_HANDSHAKES, floodError);
  const handshaking = new Map<string, () => void>();
  server.on('connection', (socket: Socket) => {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    handshaking.set(peer, handshakes.enter(socket));
    socket.once('close', () => handshaking.delete(peer));
  });
  server.on('tlsClientError', (error, socket) => {
    log.debug('TLS handshake failed', { peer: socket.remoteAddress, error: describeError(error) });
    socket.destroy();
  });
  server.on('secureConnection', (socket) => {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    handshaking.get(peer)?.();
    socket.on('error', (error) => log.debug('connection failed', { peer, error: describeError(error) }));
    if (socket.alpnProtocol !== 'h2') {
      socket.destroy();
      return;
    }
    sockets.set(peer, socket);
    probation.set(
      peer,
      options.clock.after(options.trustTimeoutMs, () => socket.destroy()),
    );
    socket.once('close', () => {
      if (sockets.get(peer) !== socket) return;
      sockets.delete(peer);
      trust(peer);
    });
    options.onConnection(socket);
  });
  await listen(server, options.target);
  const bound = server.address() as AddressInfo;

  const destroyAll = (): void => {
    for (const socket of sockets.values()) socket.destroy();
  };
  let closing: Promise<void> | undefined;
  const stopListening = (): Promise<void> => {
    closing ??= new Promise((resolve) => server.close(() => resolve()));
    return closing;
  };

  return {
    address: { host: bound.address, port: bound.port },
    get connections() {
      return sockets.size;
    },
    setCertificate(certificate) {
      usingCertificate(() => server.setSecureContext(contextOptions(certificate)));
    },
    trust,
    drop: (peer) => sockets.get(peer)?.destroy(),
    close: stopListening,
    destroy() {
      void stopListening();
      destroyAll();
    },
  };
}

function createTlsServer(options: TlsListenerOptions): Server {
  return usingCertificate(() =>
    createServer({
      ...contextOptions(options.certificate),
      ALPNProtocols: ['h2'],
      handshakeTimeout: options.handshakeTimeoutMs,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_IDLE_MS,
    }),
  );
}

function contextOptions(certificate: ServerCertificate): TlsOptions {
  return { cert: certificate.certificatePem, key: certificate.privateKeyPem, minVersion: 'TLSv1.3' };
}

function usingCertificate<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new WireError({
      code: 'ERR_WIRE_CREDENTIALS',
      blame: 'local',
      message: 'the server certificate and its key cannot be used',
      cause,
    });
  }
}

function listen(server: Server, target: ListenTarget): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (cause: Error): void => {
      const where = 'fd' in target ? `socket ${target.fd}` : `${target.host}:${target.port}`;
      const message = `cannot listen on ${where}`;
      reject(new WireError({ code: 'ERR_WIRE_LISTEN', blame: 'local', message, cause }));
    };
    server.once('error', onError);
    server.listen(target, () => {
      server.removeListener('error', onError);
      resolve();
    });
  });
}

const TCP_KEEP_ALIVE_IDLE_MS = 300_000;

function floodError(address: string, limit: number): WireError {
  return new WireError({
    code: 'ERR_WIRE_UNAUTHENTICATED',
    blame: 'downstream',
    message: `more than ${limit} connections wait for their handshake, most of them from ${address}`,
  });
}

/** Strangers must not use up memory and connections by handshakes that they leave unfinished. */
const MAX_UNFINISHED_HANDSHAKES = 512;
