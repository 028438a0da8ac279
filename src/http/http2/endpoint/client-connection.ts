import { Socket } from 'node:net';
import { type ByteStream, createBufferBudget, createSignal, systemClock } from '../../../base/index.ts';
import { DEFAULT_HTTP_CONFIG } from '../../config.ts';
import type { ConnectOptions } from '../../endpoint-options.ts';
import { HttpError } from '../../errors.ts';
import type { HttpClientConnection } from '../../exchange.ts';
import { abortedError } from '../../message/fault.ts';
import { Http2Connection } from '../connection/http2-connection.ts';
import { requestFields } from '../fields/request-fields.ts';
import { ErrorCode, protocolFault } from '../frame/index.ts';
import { Http2ClientExchange } from './client-exchange.ts';
import { engineConfig } from './engine-config.ts';
import { createTransport } from './transport.ts';

/** Speaks HTTP/2 with prior knowledge as the client on a stream. Owns the stream from here on. */
export function connectHttp2(stream: ByteStream, options: ConnectOptions = {}): HttpClientConnection {
  const { duplex } = stream;
  const config = options.config ?? DEFAULT_HTTP_CONFIG;
  const clock = options.clock ?? systemClock;
  const engine = engineConfig(config);
  const changes = createSignal<void>();
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<void>();
  let state: 'open' | 'draining' | 'closed' = 'open';
  let failure: Error | undefined;

  const become = (next: 'draining' | 'closed'): void => {
    if (state === next || state === 'closed') return;
    state = next;
    changes.emit();
  };
  const finishWhenIdle = (): void => {
    if (state !== 'draining' || connection.activeStreams > 0) return;
    connection.goAway({ errorCode: ErrorCode.NO_ERROR, final: true });
    transport.finish();
  };
  const connection: Http2Connection = new Http2Connection({
    role: 'client',
    config: engine,
    recyclesOutput: duplex instanceof Socket,
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
    socket: duplex,
    connection,
    config: engine,
    clock,
    peer: 'upstream',
    onClosed: (error) => {
      failure ??= error;
      become('closed');
    },
  });
  duplex.once('close', resolveClosed);
  if (duplex.destroyed) resolveClosed();
  transport.start();
  duplex.resume();

  const notOpen = (): HttpError =>
    new HttpError({
      code: 'ERR_HTTP_CONNECTION_CLOSED',
      blame: 'upstream',
      message: `the connection is ${state}`,
      retryable: true,
      cause: failure,
    });

  return {
    version: '2',
    get state() {
      return state;
    },
    get activeRequests() {
      return connection.activeStreams;
    },
    get capacity() {
      return connection.peer.maxConcurrentStreams;
    },
    changes,
    closed,
    send(request, sendOptions = {}) {
      try {
        if (sendOptions.signal?.aborted === true)
          throw abortedError('the request was given up', sendOptions.signal.reason);
        if (state !== 'open' || !connection.canOpen) throw notOpen();
        if (connection.activeStreams >= connection.peer.maxConcurrentStreams) throw fullError();
        const fields = requestFields(request);
        return new Http2ClientExchange(request, fields, sendOptions, { connection, config, clock }).answer;
      } catch (error) {
        // Nothing was taken: the body is still its owner's, for another connection.
        return Promise.reject(error);
      }
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

function fullError(): HttpError {
  return new HttpError({
    code: 'ERR_HTTP_CONNECTION_FULL',
    blame: 'upstream',
    message: 'the connection has as many requests as the server allows',
    retryable: true,
  });
}
