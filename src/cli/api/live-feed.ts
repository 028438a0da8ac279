import { WebSocket } from 'ws';
import { LIVE_PATH, type LiveFollow, type LiveMessage } from '../../model/index.ts';
import type { MeshError } from '../../base/index.ts';
import { type ApiAddress, authorizationOf, endpointOf } from './api-address.ts';
import { connectionBy, failureOf } from './http-ask.ts';

/** An open feed. */
export interface LiveFeed {
  /** Resolves when it is over, whoever ended it; with the reason when it was not `close`. */
  readonly over: Promise<MeshError | undefined>;
  /** Follows something else from now on. */
  follow(follow: LiveFollow): void;
  /** Idempotent. */
  close(): void;
}

/** Opens the live feed of an API. Rejects with ERR_CLI_API_UNREACHABLE, or what dialling rejects with. Its end waits a second for the other side, no longer. */
export function followLive(
  address: ApiAddress,
  options: {
    readonly follow: LiveFollow;
    readonly timeoutMs: number;
    onMessage(message: LiveMessage): void;
    /** Ends it at once, also while it is opened. */
    readonly signal?: AbortSignal | undefined;
  },
): Promise<LiveFeed> {
  const url = endpointOf(address.url, LIVE_PATH);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url, {
    handshakeTimeout: options.timeoutMs,
    headers: authorizationOf(address.token),
    ...connectionBy(address.dial, options.signal),
  });
  const { promise: over, resolve: beOver } = Promise.withResolvers<MeshError | undefined>();
  let closing = false;
  let failure: unknown;
  socket.on('error', (error) => {
    failure = error;
  });
  const { signal } = options;
  const end = (): void => {
    closing = true;
    socket.terminate();
  };
  let patience: NodeJS.Timeout | undefined;
  socket.on('close', () => {
    clearTimeout(patience);
    signal?.removeEventListener('abort', end);
    beOver(closing ? undefined : failureOf(url, failure));
  });
  if (signal?.aborted) end();
  else signal?.addEventListener('abort', end, { once: true });
  // Whoever sends is of this very version; only text messages are sent.
  socket.on('message', (data) => options.onMessage(JSON.parse(String(data)) as LiveMessage));
  const send = (follow: LiveFollow): void => socket.send(JSON.stringify(follow));
  return new Promise((resolve, reject) => {
    socket.on('open', () => {
      send(options.follow);
      resolve({
        over,
        follow: send,
        close() {
          closing = true;
          socket.close();
          patience ??= setTimeout(() => socket.terminate(), CLOSE_MS);
        },
      });
    });
    over.then((error) => reject(error ?? failureOf(url, failure)));
  });
}

/** Else `ws` waits half a minute for an answer to the close, and the process with it. */
const CLOSE_MS = 1_000;
