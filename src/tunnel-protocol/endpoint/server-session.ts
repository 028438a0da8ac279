import { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { BufferAccount, Clock } from '../../base/index.ts';
import {
  createTransport,
  ErrorCode,
  faultOfOutgoing,
  type HeaderField,
  Http2Connection,
  type Http2Stream,
  protocolFault,
} from '../../http/http2/index.ts';
import { kernelIpAddress, type SocketAddress } from '../../model/index.ts';
import type { TunnelConfig } from '../config.ts';
import { TunnelError } from '../errors.ts';
import { tunnelErrorOf } from '../from-http.ts';
import { type Authority, formatRefusal, headOf, parseAuthority, type TunnelRefusal } from '../head/index.ts';
import type { IncomingTunnel, TunnelServerOptions } from '../server.ts';
import { TunnelDuplex, tunnelStreamOf } from './tunnel-duplex.ts';

/** The server's end of one connection, its peer known. */
export interface ServerSession<Peer> {
  peer: Peer;
  readonly socket: TLSSocket;
  readonly remote: SocketAddress;
  readonly activeStreams: number;
  /** GOAWAY; streams that run, and those already on their way here, finish. */
  drain(): void;
  destroy(cause: Error): void;
}

/** What one session of a tunnel server is made from; `onClosed` is called once. */
export interface ServerSessionOptions<Peer> {
  readonly socket: TLSSocket;
  readonly peer: Peer;
  readonly config: TunnelConfig;
  readonly clock: Clock;
  readonly account: BufferAccount;
  readonly handlers: Pick<TunnelServerOptions<Peer>, 'onTunnel' | 'onBadRequest'>;
  onClosed(session: ServerSession<Peer>, error: unknown): void;
}

/**
 * Owns the socket, whose handshake is done, from here on, and sends its SETTINGS at once. Requests reach `handlers`.
 */
export function startServerSession<Peer>(options: ServerSessionOptions<Peer>): ServerSession<Peer> {
  const { socket, config, clock } = options;
  const remote = addressOf(socket.remoteAddress, socket.remotePort);
  const local = addressOf(socket.localAddress, socket.localPort);
  let draining: 'no' | 'announced' | 'final' = 'no';
  const engine = { ...config, headerListBytes: config.serverHeaderListBytes };
  const connection: Http2Connection = new Http2Connection({
    role: 'server',
    config: engine,
    recyclesOutput: socket instanceof Socket,
    account: options.account,
    now: () => clock.monotonic(),
    events: {
      onOutput: () => transport.flushSoon(),
      onRequest: (stream, fields) => takeRequest(connection, stream, fields, { session, local, ...options }),
      onChange: () => finishWhenIdle(),
      onPingAck: (payload) => {
        if (payload.equals(DRAIN_PAYLOAD) && draining === 'announced') sayFinal();
        else transport.onPingAck(payload);
      },
    },
  });
  const transport = createTransport({
    socket,
    connection,
    config: engine,
    clock,
    peer: 'downstream',
    onClosed: (error) => {
      handshake.cancel();
      options.onClosed(session, tunnelErrorOf(error));
    },
  });
  const handshake = clock.after(config.handshakeTimeoutMs, () => {
    if (!connection.peer.received)
      transport.destroy(protocolFault(ErrorCode.PROTOCOL_ERROR, 'no HTTP/2 preface came in time'));
  });
  const sayFinal = (): void => {
    draining = 'final';
    connection.goAway({ errorCode: ErrorCode.NO_ERROR, final: true });
    finishWhenIdle();
  };
  const finishWhenIdle = (): void => {
    if (draining === 'final' && connection.activeStreams === 0) transport.finish();
  };
  const session: ServerSession<Peer> = {
    peer: options.peer,
    socket,
    remote,
    get activeStreams() {
      return connection.activeStreams;
    },
    drain() {
      if (draining !== 'no') return;
      // RFC 9113 §6.8: what is on its way is still taken; the PING's answer shows that no more will come.
      draining = 'announced';
      connection.goAway({ errorCode: ErrorCode.NO_ERROR, final: false });
      connection.ping(DRAIN_PAYLOAD);
    },
    destroy: (cause) => transport.destroy(cause),
  };
  transport.start();
  return session;
}

interface RequestContext<Peer> extends Pick<ServerSessionOptions<Peer>, 'handlers'> {
  readonly session: ServerSession<Peer>;
  readonly local: SocketAddress;
}

function takeRequest<Peer>(
  connection: Http2Connection,
  stream: Http2Stream,
  fields: readonly HeaderField[],
  context: RequestContext<Peer>,
): void {
  const { session, handlers } = context;
  const { method, head } = headOf(fields);
  const { peer, remote } = session;
  const refuse = (status: number, told?: TunnelRefusal): void => {
    const answer: HeaderField[] = [[':status', `${status}`]];
    if (told !== undefined) answer.push(['proxy-status', formatRefusal(told)]);
    connection.respond(stream, answer, true);
  };
  let authority: Authority;
  try {
    if (method !== 'CONNECT') throw methodError(method);
    authority = parseAuthority(head.authority);
  } catch (error) {
    if (!(error instanceof TunnelError)) throw error;
    refuse(400);
    handlers.onBadRequest?.({ error, method, authority: head.authority, peer, remote });
    return;
  }
  const abort = new AbortController();
  const duplex = new TunnelDuplex(connection);
  duplex.attach(stream);
  let accepted = false;
  const tunnel: IncomingTunnel<Peer> = {
    method: 'CONNECT',
    head,
    authority,
    peer,
    local: context.local,
    remote,
    signal: abort.signal,
    accept(headers = {}) {
      if (stream.closed || stream.answered) throw goneError();
      const answer: HeaderField[] = [[':status', '200']];
      // Labels are no reason to fail a tunnel.
      if (headers.baggage && faultOfOutgoing(['baggage', headers.baggage]) === undefined)
        answer.push(['baggage', headers.baggage]);
      connection.respond(stream, answer, false);
      accepted = true;
      return tunnelStreamOf(duplex, stream);
    },
    refuse(status, _reason, told) {
      refuse(status, told);
      if (!accepted) duplex.destroy();
    },
  };
  stream.sink = {
    onResponse: ignore,
    onData: (bytes) => duplex.receive(bytes),
    onEnd: () => duplex.receiveEnd(),
    onCut(cut) {
      const error = tunnelErrorOf(cut);
      if (accepted) {
        duplex.destroy(error);
        return;
      }
      abort.abort(error);
      duplex.destroy();
    },
    onUnwanted: () => duplex.receiveUnwanted(),
  };
  if (stream.remoteEnded) duplex.receiveEnd();
  handlers.onTunnel(tunnel);
}

function ignore(): void {
  // What comes on a stream that was answered with its end is of no use.
}

/**
 * An end of a socket as node:net names it, IPv4-mapped addresses as IPv4 ones. Empty and port 0 once the socket is
 * gone.
 */
export function addressOf(address: string | undefined, port: number | undefined): SocketAddress {
  return { address: kernelIpAddress(address ?? ''), port: port ?? 0 };
}

function methodError(method: string): TunnelError {
  return new TunnelError({
    code: 'ERR_TUNNEL_METHOD',
    blame: 'downstream',
    message: `expected method CONNECT, got ${JSON.stringify(method.slice(0, 40))}`,
  });
}

function goneError(): TunnelError {
  return new TunnelError({
    code: 'ERR_TUNNEL_STREAM_RESET',
    blame: 'downstream',
    message: 'the stream was answered or given up before',
  });
}

/** Marks the PING that follows the first GOAWAY. */
const DRAIN_PAYLOAD = Buffer.from('draining', 'latin1');
