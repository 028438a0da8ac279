import type { Duplex } from 'node:stream';
import { Decoder } from '@redis/client/dist/lib/RESP/decoder.js';
import encoder from '@redis/client/dist/lib/RESP/encoder.js';
import { type Clock, describeError } from '../../../base/index.ts';
import { WaypointError } from '../../errors.ts';

/** One connection to a Redis or Valkey. Commands are sent as they come, and answered in their order (pipelining). */
export interface CounterConnection {
  /** Rejects with a WaypointError: an error reply, or an end of the connection before the reply. */
  send(command: readonly string[]): Promise<unknown>;
  /** Commands that are not answered. */
  readonly waiting: number;
  /** How long the oldest of them has been waiting, in milliseconds. */
  readonly waitedMs: number;
  /** With what ended it. Never rejects. */
  readonly closed: Promise<WaypointError>;
  destroy(cause?: Error): void;
}

interface Waiting {
  readonly sentMs: number;
  resolve(reply: unknown): void;
  reject(error: WaypointError): void;
}

/**
 * Takes ownership of `stream`. Of the client library it uses the protocol (RESP) alone: the library's own client makes its
 * connections itself, and these have to leave through the mesh.
 */
export function openCounterConnection(stream: Duplex, clock: Clock): CounterConnection {
  const waiting: Waiting[] = [];
  let end: WaypointError | undefined;
  let sinceReply = 0;
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<WaypointError>();

  const decoder = new Decoder({
    onReply: (reply: unknown) => answered((one) => one.resolve(reply)),
    onErrorReply: (error) => answered((one) => one.reject(serverError(`refused: ${error.message}`))),
    onPush: () => undefined,
    getTypeMapping: () => ({}),
  });

  function answered(settle: (one: Waiting) => void): void {
    sinceReply = 0;
    const one = waiting.shift();
    if (one === undefined) finish(serverError('a reply that nobody asked for'));
    else settle(one);
  }

  function finish(error: WaypointError): void {
    if (end !== undefined) return;
    end = error;
    stream.destroy();
    for (const one of waiting.splice(0)) one.reject(error);
    resolveClosed(error);
  }

  stream.on('data', (chunk: Buffer) => {
    sinceReply += chunk.length;
    try {
      decoder.write(chunk);
    } catch (error) {
      finish(serverError(`expected the Redis protocol, got something else (${describeError(error)})`, error));
    }
    if (sinceReply > LONGEST_REPLY) finish(serverError(`a reply of more than ${LONGEST_REPLY} bytes`));
  });
  stream.on('error', (error) => finish(serverError(describeError(error), error)));
  stream.on('close', () => finish(serverError('the connection was closed')));
  stream.on('end', () => finish(serverError('the server closed the connection')));

  return {
    closed,
    get waiting() {
      return waiting.length;
    },
    get waitedMs() {
      const [oldest] = waiting;
      return oldest === undefined ? 0 : clock.monotonic() - oldest.sentMs;
    },
    send(command) {
      if (end !== undefined) return Promise.reject(end);
      if (waiting.length >= MOST_WAITING)
        return Promise.reject(serverError(`more than ${MOST_WAITING} commands are not answered`));
      const reply = new Promise<unknown>((resolve, reject) => {
        waiting.push({ sentMs: clock.monotonic(), resolve, reject });
      });
      // What is sent in one turn goes out in one write.
      if (stream.writableCorked === 0) {
        stream.cork();
        process.nextTick(() => stream.uncork());
      }
      for (const part of encoder.default(command)) stream.write(part);
      return reply;
    },
    destroy: (cause) => finish(serverError(cause === undefined ? 'closed' : describeError(cause), cause)),
  };
}

/** For the log and as the cause of what requests are told. */
export function serverError(message: string, cause?: unknown): WaypointError {
  return new WaypointError({ code: 'ERR_WAYPOINT_RATE_LIMIT_SERVER', blame: 'upstream', message, cause });
}

/** Replies are a few numbers. */
const LONGEST_REPLY = 1024 * 1024;
const MOST_WAITING = 10_000;
