import { Socket } from 'node:net';
import tls, { type TLSSocket, type TlsOptions } from 'node:tls';
import { closeWhenQueueIsEmpty, createBufferBudget, HandshakeGate, systemClock } from '../../base/index.ts';
import { resolveTunnelConfig } from '../config.ts';
import { TunnelError } from '../errors.ts';
import type { TunnelServer, TunnelServerOptions } from '../server.ts';
import { addressOf, type ServerSession, startServerSession } from './server-session.ts';

/** Serves HBONE on a listening descriptor. Its TLS sockets are made by node:tls alone (design.md, Certificates). */
export function createTunnelServer<Peer>(options: TunnelServerOptions<Peer>): TunnelServer {
  const config = resolveTunnelConfig(options.config);
  const clock = options.clock ?? systemClock;
  const account = options.account ?? createBufferBudget().account();
  const sessions = new Set<ServerSession<Peer>>();
  /** Every accepted connection, so that those that never finish their handshake can be let go of. */
  const sockets = new Set<Socket>();
  const handshakes = options.handshakes ?? processHandshakes;
  /** By remote address and port: node:tls does not tell which socket a TLS socket came from. */
  const handshaking = new Map<string, () => void>();
  let closing = false;

  const server = tls.createServer({
    ...tlsOptions(options.tls),
    handshakeTimeout: config.handshakeTimeoutMs,
    noDelay: true,
  });
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<void>();
  let listening = false;
  server.on('close', resolveClosed);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    // Asked for now, it is known also when the connection is gone.
    const peer = keyOf(socket);
    handshaking.set(peer, handshakes.enter(socket));
    socket.on('close', () => {
      sockets.delete(socket);
      handshaking.delete(peer);
    });
  });
  server.on('tlsClientError', (error, socket) => {
    // Node reports a refused certificate as a hang-up, and keeps the reason on the socket, which has no address any more.
    const { remoteAddress, remotePort } = rawSocketOf(socket) ?? socket;
    options.onSessionRefused?.(error, addressOf(remoteAddress, remotePort), socket.authorizationError);
    // node:tls leaves a socket whose handshake failed or timed out to whoever listens here.
    socket.destroy();
  });
  server.on('secureConnection', (socket) => {
    handshaking.get(keyOf(socket))?.();
    begin(socket);
  });

  const refuse = (error: Error, socket: TLSSocket): void =>
    options.onSessionRefused?.(error, addressOf(socket.remoteAddress, socket.remotePort));
  const begin = (socket: TLSSocket): void => {
    let peer: Peer;
    try {
      if (socket.alpnProtocol !== 'h2') throw alpnError(socket.alpnProtocol);
      peer = options.authenticate(socket);
    } catch (cause) {
      socket.on('error', (error) => refuse(error, socket));
      refuse(refusedPeer(cause), socket);
      socket.destroy();
      return;
    }
    const session = startServerSession<Peer>({
      socket,
      peer,
      config,
      clock,
      account,
      handlers: options,
      onClosed: (ended, error) => {
        sessions.delete(ended);
        if (error instanceof TunnelError && PEER_FAULTS.has(error.code)) refuse(error, socket);
      },
    });
    sessions.add(session);
    if (closing) session.drain();
  };
  return {
    get sessions() {
      return sessions.size;
    },
    get activeStreams() {
      let streams = 0;
      for (const session of sessions) streams += session.activeStreams;
      return streams;
    },
    listen(fd) {
      return new Promise((resolve, reject) => {
        const onError = (cause: Error): void => reject(listenError(fd, cause));
        server.once('error', onError);
        server.listen({ fd }, () => {
          server.off('error', onError);
          // Accepting can fail for a moment (EMFILE); what is open goes on.
          server.on('error', (error) => options.onSessionRefused?.(error, undefined));
          listening = true;
          resolve();
        });
      });
    },
    setSecureContext: (next) => server.setSecureContext(tlsOptions(next)),
    reauthenticate() {
      let cut = 0;
      for (const session of [...sessions]) {
        try {
          session.peer = options.authenticate(session.socket);
        } catch (cause) {
          cut += 1;
          const error = refusedPeer(cause);
          session.destroy(error);
          refuse(error, session.socket);
        }
      }
      return cut;
    },
    stopAccepting: () => closeWhenQueueIsEmpty(server),
    async close() {
      closing = true;
      for (const session of sessions) session.drain();
      await closeWhenQueueIsEmpty(server);
      if (listening) await closed;
    },
    destroy(cause) {
      closing = true;
      if (server.listening) server.close();
      for (const session of [...sessions]) session.destroy(cause ?? closedError());
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** wire.md §1.2: TLS 1.3, ALPN h2, a client certificate always. Who may connect is `authenticate`'s and the CAs' to say. */
function tlsOptions(options: TlsOptions): TlsOptions {
  return { ...options, minVersion: 'TLSv1.3', ALPNProtocols: ['h2'], requestCert: true };
}

function keyOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}

/** What a TLS socket was made from. Not in Node's documentation: without it only the address is missing in a record. */
function rawSocketOf(socket: TLSSocket): Socket | undefined {
  const parent: unknown = Reflect.get(socket, '_parent');
  return parent instanceof Socket ? parent : undefined;
}

function refusedPeer(cause: unknown): TunnelError {
  if (cause instanceof TunnelError) return cause;
  return new TunnelError({
    code: 'ERR_TUNNEL_PEER_REFUSED',
    blame: 'downstream',
    message: 'the peer failed authentication',
    cause,
  });
}

function alpnError(got: string | false | null): TunnelError {
  return new TunnelError({
    code: 'ERR_TUNNEL_ALPN',
    blame: 'downstream',
    message: `expected ALPN h2, got ${got || 'none'}`,
  });
}

function listenError(fd: number, cause: Error): TunnelError {
  return new TunnelError({
    code: 'ERR_TUNNEL_LISTEN',
    blame: 'local',
    message: `cannot listen on descriptor ${fd}`,
    cause,
  });
}

function closedError(): TunnelError {
  return new TunnelError({ code: 'ERR_TUNNEL_CLOSED', blame: 'local', message: 'the server is closed' });
}

/** A gate whose evictions are told as a flood. */
export function createHandshakeGate(limit: number): HandshakeGate {
  return new HandshakeGate(
    limit,
    (address) =>
      new TunnelError({
        code: 'ERR_TUNNEL_FLOOD',
        blame: 'downstream',
        message: `more than ${limit} connections wait for their handshake, most of them from ${address}: the oldest is let go`,
      }),
  );
}

/** Of the whole process: memory and descriptors are the process's too. Room for a second's worth of handshakes. */
const processHandshakes = createHandshakeGate(512);

/** Sessions that end with one of these were the peer's doing, and worth a record. */
const PEER_FAULTS: ReadonlySet<string> = new Set(['ERR_TUNNEL_PROTOCOL', 'ERR_TUNNEL_FLOOD']);
