import { systemClock } from '../../base/index.ts';
import {
  type ClientState,
  createClientEnd,
  faultOfOutgoing,
  type HeaderField,
  type Http2Connection,
} from '../../http/http2/index.ts';
import { resolveTunnelConfig } from '../config.ts';
import { TunnelError } from '../errors.ts';
import { abortedError, statusError } from '../refusals.ts';
import { tunnelErrorOf } from '../from-http.ts';
import { parseRefusal, requestFields } from '../head/index.ts';
import type { OpenedTunnel, SessionOptions, TunnelSession, TunnelTransport } from '../session.ts';
import { TunnelDuplex, tunnelStreamOf } from './tunnel-duplex.ts';

/** Speaks HBONE as the client on a connected, verified socket. Owns the socket from here on. */
export function connectTunnelSession(socket: TunnelTransport, options: SessionOptions = {}): TunnelSession {
  const config = resolveTunnelConfig(options.config);
  const end = createClientEnd({
    socket,
    config: { ...config, headerListBytes: config.clientHeaderListBytes },
    clock: options.clock ?? systemClock,
    account: options.account,
    notOpen: notOpenError,
    full: fullError,
  });
  const { connection } = end;

  return {
    get state() {
      return end.state;
    },
    get activeStreams() {
      return connection.activeStreams;
    },
    get capacity() {
      return connection.peer.maxConcurrentStreams;
    },
    changes: end.changes,
    closed: end.closed,
    open(head, signal) {
      if (signal?.aborted) return Promise.reject(abortedError(signal));
      const refusal = end.refusal();
      if (refusal !== undefined) return Promise.reject(refusal);
      const fields = requestFields(head);
      for (const field of fields) {
        const fault = faultOfOutgoing(field);
        if (fault !== undefined) return Promise.reject(headerError(fault));
      }
      return openStream(connection, fields, signal);
    },
    close: end.close,
    destroy: end.destroy,
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

function notOpenError(state: ClientState, cause: Error | undefined): TunnelError {
  return new TunnelError({
    code: 'ERR_TUNNEL_SESSION_CLOSED',
    blame: 'upstream',
    message: `the session is ${state}`,
    retryable: true,
    cause: tunnelErrorOf(cause),
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
