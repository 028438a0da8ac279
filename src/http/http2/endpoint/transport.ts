import type { Blame, Clock, Timer } from '../../../base/index.ts';
import type { Http2Config } from '../config.ts';
import type { Http2Connection } from '../connection/http2-connection.ts';
import { HttpError } from '../../errors.ts';
import { ErrorCode, protocolFault } from '../frame/index.ts';
import type { Duplex } from 'node:stream';

/** A connection and the socket for its bytes, which the transport owns. */
export interface TransportOptions {
  readonly socket: Duplex;
  readonly connection: Http2Connection;
  readonly config: Http2Config;
  readonly clock: Clock;
  /** Which side of us the peer is on: who is to blame for its breaches. */
  readonly peer: 'upstream' | 'downstream';
  /** The socket is gone; `error` says why when it was not asked for. Called once. */
  onClosed(error: Error | undefined): void;
}

/** Joins a connection to its socket: batches of frames out, chunks in, keep-alive, and the end. */
export interface Transport {
  /** Sends what waits first. A socket that was gone before anybody listened to it is told of here, as `onClosed`. */
  start(): void;
  /** Bytes for the connection, as the socket gives them. */
  receive(chunk: Buffer): void;
  /** Sends what waits, together with all else of this turn of the event loop. */
  flushSoon(): void;
  onPingAck(payload: Buffer): void;
  /** Sends what waits, then closes the socket. */
  finish(): void;
  /** Says why with GOAWAY where that still goes out, and lets go of the socket at once. */
  destroy(error: Error): void;
  readonly closed: boolean;
}

/**
 * Listens to the socket and begins with the keep-alive; `start` sends what waits. A breach by the peer ends with
 * GOAWAY.
 */
export function createTransport(options: TransportOptions): Transport {
  const { socket, connection, config, clock } = options;
  let state: 'open' | 'finishing' | 'closed' = 'open';
  let outstandingBytes = 0;
  let scheduled = false;
  let failure: Error | undefined;
  let lastReceivedMs = clock.monotonic();
  let pingSentMs: number | undefined;
  let timer: Timer;

  const flush = (): void => {
    scheduled = false;
    if (state === 'closed') return;
    connection.pump(Math.max(0, OUTSTANDING_LIMIT_BYTES - outstandingBytes));
    if (connection.output.bytes === 0) return;
    const { buffers, bytes, release } = connection.output.take();
    outstandingBytes += bytes;
    const onWritten = (error?: Error | null): void => {
      // After a failure something may still hold the buffers.
      if (!error) release();
      outstandingBytes -= bytes;
      if (connection.hasWork && state !== 'closed') flushSoon();
    };
    const last = buffers.length - 1;
    if (last > 0) socket.cork();
    for (const [index, buffer] of buffers.entries())
      socket.write(buffer, index === last ? onWritten : undefined);
    if (last > 0) socket.uncork();
  };
  const flushSoon = (): void => {
    if (scheduled || state === 'closed') return;
    scheduled = true;
    // After the poll phase: what all sockets brought in this turn leaves in one write, hence in few TLS records.
    setImmediate(flush);
  };
  const destroy = (error: Error): void => {
    if (state === 'closed') return;
    failure ??= error;
    const http2Code = error instanceof HttpError ? error.http2Code : undefined;
    connection.goAway({ errorCode: http2Code ?? ErrorCode.NO_ERROR, final: true, debug: '' });
    const { buffers } = connection.output.take();
    if (socket.writable) for (const buffer of buffers) socket.write(buffer);
    closed();
    // A peer that does not take our last bytes is given a moment only.
    const patience = clock.after(LAST_WORDS_MS, () => socket.destroy());
    socket.once('close', () => patience.cancel());
    socket.end(() => socket.destroy());
  };
  const closed = (): void => {
    if (state === 'closed') return;
    state = 'closed';
    timer.cancel();
    const error = failure ?? endedError(options.peer);
    connection.abandon(error);
    options.onClosed(failure);
  };
  const receive = (chunk: Buffer): void => {
    if (state === 'closed') return;
    lastReceivedMs = clock.monotonic();
    try {
      connection.receive(chunk);
      if (connection.output.bytes + outstandingBytes > CONTROL_LIMIT_BYTES)
        throw protocolFault(ErrorCode.ENHANCE_YOUR_CALM, 'the peer asks for answers and does not read them');
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      destroy(error.blame === options.peer ? error : blamed(error, options.peer));
    }
  };
  /** When the peer is given up; any bytes show that it lives, its PING's answer may only stand in a long queue. */
  const patienceMs = (): number =>
    pingSentMs === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(pingSentMs, lastReceivedMs) + config.keepAliveTimeoutMs - clock.monotonic();
  const tick = (): void => {
    if (connection.settingsWaitingMs >= config.settingsTimeoutMs) {
      destroy(protocolFault(ErrorCode.SETTINGS_TIMEOUT, 'SETTINGS were not acknowledged'));
      return;
    }
    if (patienceMs() <= 0) {
      destroy(keepAliveError(config.keepAliveTimeoutMs, options.peer));
      return;
    }
    if (pingSentMs === undefined && config.keepAliveIntervalMs > 0) {
      pingSentMs = clock.monotonic();
      connection.ping(KEEP_ALIVE_PAYLOAD);
    }
    arm();
  };
  const arm = (): void => {
    const intervalMs = config.keepAliveIntervalMs || Number.POSITIVE_INFINITY;
    const waitMs = pingSentMs === undefined ? intervalMs : Math.max(1, patienceMs());
    timer = clock.after(Math.min(waitMs, config.settingsTimeoutMs), tick);
  };
  arm();

  socket.on('data', receive);
  socket.on('error', (error: Error) => {
    failure ??= error;
  });
  socket.on('end', () => {
    if (state === 'open') closed();
    socket.end();
  });
  socket.on('close', closed);
  return {
    start() {
      if (socket.destroyed) closed();
      else flushSoon();
    },
    receive,
    flushSoon,
    onPingAck(payload) {
      if (!payload.equals(KEEP_ALIVE_PAYLOAD) || pingSentMs === undefined) return;
      pingSentMs = undefined;
      timer.cancel();
      arm();
    },
    finish() {
      if (state !== 'open') return;
      state = 'finishing';
      flush();
      timer.cancel();
      socket.end();
      timer = clock.after(LAST_WORDS_MS, () => socket.destroy());
    },
    destroy,
    get closed() {
      return state === 'closed';
    },
  };
}

/** The codecs do not know on which side they stand, and blame downstream. */
function blamed(error: HttpError, blame: Blame): HttpError {
  const { code, message, http2Code } = error;
  return new HttpError({ code, blame, message, http2Code, cause: error });
}

function endedError(blame: Blame): HttpError {
  return new HttpError({
    code: 'ERR_HTTP_CONNECTION_CLOSED',
    blame,
    message: 'the peer closed the connection',
    retryable: true,
  });
}

function keepAliveError(timeoutMs: number, blame: Blame): HttpError {
  return new HttpError({
    code: 'ERR_HTTP_KEEP_ALIVE',
    blame,
    message: `no answer to a keep-alive PING within ${timeoutMs} ms`,
    retryable: true,
  });
}

/** Bytes given to the socket and not yet taken; enough to keep a fast link busy, little enough to share fairly. */
const OUTSTANDING_LIMIT_BYTES = 256 * 1024;
/** DATA keeps to the limit above, so beyond this only answers to control frames can be. */
const CONTROL_LIMIT_BYTES = 4 * 1024 * 1024;
const KEEP_ALIVE_PAYLOAD = Buffer.from('nodemesh', 'latin1');
/** How long a socket may take over its last bytes. */
const LAST_WORDS_MS = 1_000;
