import { WebSocket } from 'ws';
import { LIVE_PATH, type LiveFollow, type LiveMessage } from '../../model/index.ts';
import type { CliError } from '../errors.ts';
import { type ApiAddress, authorizationOf, endpointOf, unreachable } from './api-address.ts';

/** An open feed. */
export interface LiveFeed {
  /** Resolves when it is over, whoever ended it; with the reason when it was not `close`. */
  readonly over: Promise<CliError | undefined>;
  /** Follows something else from now on. */
  follow(follow: LiveFollow): void;
  /** Idempotent. */
  close(): void;
}

/** Opens the live feed of an API. Rejects with ERR_CLI_API_UNREACHABLE. */
export function followLive(
  address: ApiAddress,
  options: {
    readonly follow: LiveFollow;
    readonly timeoutMs: number;
    onMessage(message: LiveMessage): void;
  },
): Promise<LiveFeed> {
  const url = endpointOf(address.url, LIVE_PATH);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url, {
    handshakeTimeout: options.timeoutMs,
    headers: authorizationOf(address.token),
  });
  const { promise: over, resolve: beOver } = Promise.withResolvers<CliError | undefined>();
  let closing = false;
  let failure: unknown;
  socket.on('error', (error) => {
    failure = error;
  });
  socket.on('close', () => beOver(closing ? undefined : unreachable(url, failure)));
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
        },
      });
    });
    over.then((error) => reject(error ?? unreachable(url, failure)));
  });
}
