import http2 from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { systemClock } from '../../../../src/base/index.ts';
import { kernelIpAddress, type SocketAddress } from '../../../../src/model/index.ts';
import { resolveTunnelConfig } from '../../../../src/tunnel-protocol/config.ts';
import { TunnelError } from '../../../../src/tunnel-protocol/errors.ts';
import { type Authority, headOf, parseAuthority } from '../../../../src/tunnel-protocol/head/index.ts';
import type { TunnelServer, TunnelServerOptions } from '../../../../src/tunnel-protocol/server.ts';
import { startKeepAlive } from './keep-alive.ts';
import { SESSION_MEMORY_MIB, serverSettings } from './settings.ts';
import { adoptStream } from './stream.ts';

interface LiveSession<Peer> {
  peer: Peer;
  readonly socket: TLSSocket;
}

/** Serves HBONE with node:http2. */
export function createNodeTunnelServer<Peer>(options: TunnelServerOptions<Peer>): TunnelServer {
  const config = resolveTunnelConfig(options.config);
  const clock = options.clock ?? systemClock;
  const live = new Map<http2.ServerHttp2Session, LiveSession<Peer>>();
  let activeStreams = 0;
  let handshaken: TLSSocket | undefined;
  const server = http2.createSecureServer({
    ...options.tls,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['h2'],
    requestCert: true,
    allowHTTP1: false,
    settings: serverSettings(config),
    maxSessionMemory: SESSION_MEMORY_MIB,
    handshakeTimeout: config.handshakeTimeoutMs,
  });
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    handshaken = socket;
  });
  const refuse = (error: Error, socket: TLSSocket | undefined): void =>
    options.onSessionRefused?.(error, socket === undefined ? undefined : remoteOf(socket));
  server.on('tlsClientError', (error, socket) => refuse(error, socket));
  server.on('session', (session) => {
    const socket = handshaken;
    if (socket === undefined) return;
    session.on('error', (error) => refuse(error, socket));
    try {
      live.set(session, { peer: options.authenticate(socket), socket });
    } catch (error) {
      refuse(error instanceof Error ? error : new Error(String(error)), socket);
      session.destroy();
      return;
    }
    session.setLocalWindowSize(config.connectionWindowBytes);
    const keepAlive = startKeepAlive(session, config, clock);
    session.on('close', () => {
      keepAlive.cancel();
      live.delete(session);
    });
  });
  server.on('stream', (stream, headers) => {
    const entry =
      stream.session === undefined ? undefined : live.get(stream.session as http2.ServerHttp2Session);
    stream.on('error', () => stream.destroy());
    if (entry === undefined) {
      stream.destroy();
      return;
    }
    const { method, head } = headOf(
      Object.entries(headers).map(([name, value]) => [name, String(value)] as const),
    );
    const remote = remoteOf(entry.socket);
    activeStreams += 1;
    const abort = new AbortController();
    stream.on('close', () => {
      activeStreams -= 1;
      abort.abort();
    });
    const refuseWith = (status: number): void => {
      if (!stream.headersSent && !stream.destroyed)
        stream.respond({ ':status': status }, { endStream: true });
    };
    let authority: Authority;
    try {
      if (method !== 'CONNECT') throw methodError(method);
      authority = parseAuthority(head.authority);
    } catch (error) {
      if (!(error instanceof TunnelError)) throw error;
      refuseWith(400);
      options.onBadRequest?.({ error, method, authority: head.authority, peer: entry.peer, remote });
      return;
    }
    options.onTunnel({
      method: 'CONNECT',
      head,
      authority,
      peer: entry.peer,
      local: { address: kernelIpAddress(entry.socket.localAddress ?? ''), port: entry.socket.localPort ?? 0 },
      remote,
      signal: abort.signal,
      accept(response = {}) {
        if (stream.destroyed) {
          throw new TunnelError({
            code: 'ERR_TUNNEL_STREAM_RESET',
            blame: 'downstream',
            message: 'the peer gave the stream up before it was accepted',
          });
        }
        stream.respond({ ':status': 200, ...(response.baggage ? { baggage: response.baggage } : {}) });
        return adoptStream(stream);
      },
      refuse: refuseWith,
    });
  });
  const closed = new Promise<void>((resolve) => server.once('close', resolve));
  let listening = false;
  return {
    get sessions() {
      return live.size;
    },
    get activeStreams() {
      return activeStreams;
    },
    listen(fd) {
      return new Promise((resolve, reject) => {
        server.once('error', (cause) =>
          reject(
            new TunnelError({ code: 'ERR_TUNNEL_LISTEN', blame: 'local', message: 'cannot listen', cause }),
          ),
        );
        server.listen({ fd }, () => {
          listening = true;
          resolve();
        });
      });
    },
    setSecureContext: (tls) => server.setSecureContext({ ...tls, minVersion: 'TLSv1.3' }),
    reauthenticate() {
      let refused = 0;
      for (const [session, entry] of live) {
        try {
          entry.peer = options.authenticate(entry.socket);
        } catch (error) {
          refused += 1;
          refuse(error instanceof Error ? error : new Error(String(error)), entry.socket);
          session.destroy();
        }
      }
      return refused;
    },
    async stopAccepting() {
      if (server.listening) server.close();
    },
    async close() {
      if (server.listening) server.close();
      for (const session of live.keys()) session.close();
      if (listening) await closed;
    },
    destroy(cause) {
      if (server.listening) server.close();
      for (const session of live.keys()) session.destroy(cause);
    },
  };
}

function remoteOf(socket: TLSSocket): SocketAddress {
  return { address: kernelIpAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
}

function methodError(method: string): TunnelError {
  return new TunnelError({
    code: 'ERR_TUNNEL_METHOD',
    blame: 'downstream',
    message: `expected method CONNECT, got ${JSON.stringify(method.slice(0, 40))}`,
  });
}
