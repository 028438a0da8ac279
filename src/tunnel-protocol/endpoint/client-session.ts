import { Socket } from 'node:net';
import { createBufferBudget, createSignal, systemClock } from '../../base/index.ts';
import {
  createTransport,
  ErrorCode,
  faultOfOutgoing,
  type HeaderField,
  Http2Connection,
  protocolFault,
} from '../../http/http2/index.ts';
import { resolveTunnelConfig } from '../config.ts';
import { TunnelError } from '../errors.ts';
import { abortedError, statusError } from '../refusals.ts';
import { tunnelErrorOf } from '../from-http.ts';
import { parseRefusal, requestFields } from '../head/index.ts';
import type {
  OpenedTunnel,
  SessionOptions,
  SessionState,
  TunnelSession,
  TunnelTransport,
} from '../session.ts';
import { TunnelDuplex, tunnelStreamOf } from './tunnel-duplex.ts';

/** Speaks HBONE as the client on a connected, verified socket. Owns the socket from here on. */
export function connectTunnelSession(socket: TunnelTransport, options: SessionOptions = {}): TunnelSession {
  const config = resolveTunnelConfig(options.config);
  const clock = options.clock ?? systemClock;
  const changes = createSignal<void>();
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<void>();
  let state: SessionState = 'open';
  let failure: unknown;

  const become = (next: SessionState): void => {
    if (state === next || state === 'closed') return;
    state = next;
    changes.emit();
  };
  const finishWhenIdle = (): void => {
    if (state !== 'draining' || connection.activeStreams > 0) return;
    connection.goAway({ errorCode: ErrorCode.NO_ERROR, final: true });
    transport.finish();
  };
  const engine = { ...config, headerListBytes: config.clientHeaderListBytes };
  const connection: Http2Connection = new Http2Connection({
    role: 'client',
    config: engine,
    recyclesOutput: socket instanceof Socket,
    account: options.account ?? createBufferBudget().account(),
    now: () => clock.monotonic(),
    events: {
      onOutput: () => transport.flushSoon(),
      onRequest: () => {
        throw protocolFault(ErrorCode.PROTOCOL_ERROR, 'a server sent a request');
      },
      onChange: () => {
        if (connection.goAwayReceived !== undefined) become('draining');
        changes.emit();
        finishWhenIdle();
      },
      onPingAck: (payload) => transport.onPingAck(payload),
    },
  });
  const transport = createTransport({
    socket,
    connection,
    config: engine,
    clock,
    peer: 'upstream',
    onClosed: (error) => {
      failure ??= tunnelErrorOf(error);
      become('closed');
    },
  });
  socket.once('close', resolveClosed);
  if (socket.destroyed) resolveClosed();
  transport.start();

  const notOpen = (): TunnelError =>
    new TunnelError({
      code: 'ERR_TUNNEL_SESSION_CLOSED',
      blame: 'upstream',
      message: `the session is ${state}`,
      retryable: true,
      cause: failure,
    });

  return {
    get state() {
      return state;
    },
    get activeStreams() {
      return connection.activeStreams;
    },
    get capacity() {
      return connection.peer.maxConcurrentStreams;
    },
    changes,
    closed,
    open(head, signal) {
      if (signal?.aborted) return Promise.reject(abortedError(signal));
      if (state !== 'open' || !connection.canOpen) return Promise.reject(notOpen());
      if (connection.activeStreams >= connection.peer.maxConcurrentStreams)
        return Promise.reject(fullError());
      const fields = requestFields(head);
      for (const field of fields) {
        const fault = faultOfOutgoing(field);
        if (fault !== undefined) return Promise.reject(headerError(fault));
      }
      return openStream(connection, fields, signal);
    },
    close() {
      become('draining');
      finishWhenIdle();
      return closed;
    },
    destroy(cause) {
      if (state === 'closed') return;
      become('draining');
      transport.destroy(cause ?? notOpen());
    },
  };
}

function openStream(
  connection: Http2Connection,
  fields: readonly HeaderField[],
  signal: AbortSignal | undefined,
): Promise<OpenedTunnel> {
  return new Promise((resolve, reject) => {
    const duplex = new TunnelDuplex(connection);
    let answered = false;
    const onAbort = (): void => {
      if (signal !== undefined) reject(abortedError(signal));
      duplex.destroy();
    };
    const settled = (): void => signal?.removeEventListener('abort', onAbort);
    const stream = connection.request(fields, {
      onResponse(answer) {
        settled();
        const status = Number(answer.find(([name]) => name === ':status')?.[1]);
        if (status !== 200) {
          const told = answer.find(([name]) => name === 'proxy-status')?.[1];
          reject(statusError(status, parseRefusal(told)));
          duplex.destroy();
          return;
        }
        answered = true;
        const baggage = answer.find(([name]) => name === 'baggage')?.[1];
        resolve({
          stream: tunnelStreamOf(duplex, stream),
          responseHeaders: baggage === undefined ? {} : { baggage },
        });
      },
      onData: (bytes) => duplex.receive(bytes),
      onEnd: () => duplex.receiveEnd(),
      onCut(cut) {
        settled();
        const error = tunnelErrorOf(cut);
        if (answered) {
          duplex.destroy(error);
          return;
        }
        reject(beforeAnswer(error));
        duplex.destroy();
      },
      onUnwanted: () => duplex.receiveUnwanted(),
    });
    duplex.attach(stream);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Cut with its session, before any byte: another session may do. A reset of this one stream is the peer's verdict. */
function beforeAnswer(error: TunnelError): TunnelError {
  if (error.code !== 'ERR_TUNNEL_STREAM_RESET' || error.http2Code !== undefined) return error;
  return new TunnelError({
    code: 'ERR_TUNNEL_SESSION_CLOSED',
    blame: 'upstream',
    message: 'the session ended before the peer answered',
    retryable: true,
    cause: error.cause,
  });
}

function fullError(): TunnelError {
  return new TunnelError({
    code: 'ERR_TUNNEL_SESSION_FULL',
    blame: 'upstream',
    message: 'the session has as many streams as the peer allows',
    retryable: true,
  });
}

function headerError(fault: string): TunnelError {
  return new TunnelError({
    code: 'ERR_TUNNEL_HEADER',
    blame: 'downstream',
    message: `HTTP does not allow ${fault}`,
  });
}
