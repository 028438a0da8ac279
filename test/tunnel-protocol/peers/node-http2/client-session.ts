import http2 from 'node:http2';
import { createSignal, systemClock } from '../../../../src/base/index.ts';
import { resolveTunnelConfig } from '../../../../src/tunnel-protocol/config.ts';
import { TunnelError } from '../../../../src/tunnel-protocol/errors.ts';
import { abortedError, statusError } from '../../../../src/tunnel-protocol/refusals.ts';
import { requestFields } from '../../../../src/tunnel-protocol/head/index.ts';
import type {
  OpenedTunnel,
  SessionOptions,
  SessionState,
  TunnelSession,
  TunnelTransport,
} from '../../../../src/tunnel-protocol/session.ts';
import { startKeepAlive } from './keep-alive.ts';
import { clientSettings, SESSION_MEMORY_MIB } from './settings.ts';
import { adoptStream } from './stream.ts';

/** Speaks HBONE as the client on a connected, verified socket, with node:http2. Owns the socket from here on. */
export function connectNodeTunnelSession(
  socket: TunnelTransport,
  options: SessionOptions = {},
): TunnelSession {
  const config = resolveTunnelConfig(options.config);
  const changes = createSignal<void>();
  const session = http2.connect('https://tunnel.invalid', {
    createConnection: () => socket,
    settings: clientSettings(config),
    maxSessionMemory: SESSION_MEMORY_MIB,
    peerMaxConcurrentStreams: config.initialMaxSendStreams,
  });
  let state: SessionState = 'open';
  let activeStreams = 0;
  let failure: Error | undefined;
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const become = (next: SessionState): void => {
    if (state === next || state === 'closed') return;
    state = next;
    changes.emit();
  };
  const sessionClosed = (cause?: unknown): TunnelError =>
    new TunnelError({
      code: 'ERR_TUNNEL_SESSION_CLOSED',
      blame: 'upstream',
      message: `the session is ${state}`,
      retryable: true,
      cause: cause ?? failure,
    });

  session.on('connect', () => session.setLocalWindowSize(config.connectionWindowBytes));
  session.on('remoteSettings', () => changes.emit());
  session.on('goaway', () => become('draining'));
  session.on('error', (error) => {
    failure = error;
  });
  const keepAlive = startKeepAlive(session, config, options.clock ?? systemClock);
  session.on('close', () => {
    keepAlive.cancel();
    become('closed');
    resolve();
  });

  return {
    get state() {
      return state;
    },
    get activeStreams() {
      return activeStreams;
    },
    get capacity() {
      return session.remoteSettings?.maxConcurrentStreams ?? config.initialMaxSendStreams;
    },
    changes,
    closed,
    open(head, signal) {
      if (signal?.aborted) return Promise.reject(abortedError(signal));
      if (state !== 'open' || session.closed || session.destroyed) return Promise.reject(sessionClosed());
      const request = session.request(Object.fromEntries(requestFields(head)), { endStream: false });
      activeStreams += 1;
      changes.emit();
      return new Promise<OpenedTunnel>((resolveOpen, reject) => {
        let settled = false;
        const onAbort = (): void => {
          if (signal !== undefined) reject(abortedError(signal));
          settled = true;
          request.destroy();
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        request.on('response', (headers) => {
          if (settled) return;
          settled = true;
          signal?.removeEventListener('abort', onAbort);
          const status = headers[':status'] ?? 0;
          if (status !== 200) {
            reject(statusError(status));
            request.destroy();
            return;
          }
          const baggage = headers.baggage;
          resolveOpen({
            stream: adoptStream(request),
            responseHeaders: typeof baggage === 'string' ? { baggage } : {},
          });
        });
        request.on('error', (error) => {
          failure ??= error;
        });
        request.on('close', () => {
          activeStreams -= 1;
          changes.emit();
          signal?.removeEventListener('abort', onAbort);
          if (settled) return;
          const refused = request.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM;
          reject(refused ? refusedError() : sessionClosed());
        });
      });
    },
    close() {
      become('draining');
      if (!session.destroyed) session.close();
      return closed;
    },
    destroy(cause) {
      become('draining');
      session.destroy(cause ?? sessionClosed());
    },
  };
}

function refusedError(): TunnelError {
  return new TunnelError({
    code: 'ERR_TUNNEL_STREAM_REFUSED',
    blame: 'upstream',
    message: 'the peer refused the stream before processing it',
    retryable: true,
  });
}
