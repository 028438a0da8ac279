import { type ByteStream, systemClock } from '../../../base/index.ts';
import { DEFAULT_HTTP_CONFIG } from '../../config.ts';
import type { ConnectOptions } from '../../endpoint-options.ts';
import { HttpError } from '../../errors.ts';
import type { HttpClientConnection } from '../../exchange.ts';
import { abortedError } from '../../message/fault.ts';
import { requestFields } from '../fields/request-fields.ts';
import { Http2ClientExchange } from './client-exchange.ts';
import { type ClientState, createClientEnd } from './client-end.ts';
import { engineConfig } from './engine-config.ts';

/** Speaks HTTP/2 with prior knowledge as the client on a stream. Owns the stream from here on. */
export function connectHttp2({ duplex }: ByteStream, options: ConnectOptions = {}): HttpClientConnection {
  const config = options.config ?? DEFAULT_HTTP_CONFIG;
  const clock = options.clock ?? systemClock;
  const end = createClientEnd({
    socket: duplex,
    config: engineConfig(config),
    clock,
    account: options.account,
    notOpen: notOpenError,
    full: fullError,
  });
  const { connection } = end;
  duplex.resume();

  return {
    version: '2',
    get state() {
      return end.state;
    },
    get activeRequests() {
      return connection.activeStreams;
    },
    get capacity() {
      return connection.peer.maxConcurrentStreams;
    },
    changes: end.changes,
    closed: end.closed,
    send(request, sendOptions = {}) {
      try {
        if (sendOptions.signal?.aborted === true)
          throw abortedError('the request was given up', sendOptions.signal.reason);
        const refusal = end.refusal();
        if (refusal !== undefined) throw refusal;
        const fields = requestFields(request);
        return new Http2ClientExchange(request, fields, sendOptions, { connection, config, clock }).answer;
      } catch (error) {
        // Nothing was taken: the body is still its owner's, for another connection.
        return Promise.reject(error);
      }
    },
    close: end.close,
    destroy: end.destroy,
  };
}

function notOpenError(state: ClientState, cause: Error | undefined): HttpError {
  return new HttpError({
    code: 'ERR_HTTP_CONNECTION_CLOSED',
    blame: 'upstream',
    message: `the connection is ${state}`,
    retryable: true,
    cause,
  });
}

function fullError(): HttpError {
  return new HttpError({
    code: 'ERR_HTTP_CONNECTION_FULL',
    blame: 'upstream',
    message: 'the connection has as many requests as the server allows',
    retryable: true,
  });
}
