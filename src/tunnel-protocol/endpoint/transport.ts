import type { Clock, Timer } from '../../base/index.ts';
import type { TunnelConfig } from '../config.ts';
import type { Http2Connection } from '../connection/http2-connection.ts';
import { TunnelError } from '../errors.ts';
import { ErrorCode, protocolFault } from '../frame/index.ts';
import type { TunnelTransport } from '../session.ts';

export interface TransportOptions {
  readonly socket: TunnelTransport;
  readonly connection: Http2Connection;
  readonly config: TunnelConfig;
  readonly clock: Clock;
  /** The socket is gone; `error` says why when it was not asked for. Called once. */
  onClosed(error: Error | undefined): void;
}

/** Joins a connection to its socket: batches of frames out, chunks in, keep-alive, and the end. */
export interface Transport {
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
    const bytes = connection.output.bytes;
    if (bytes === 0) return;
    const buffers = connection.output.take();
    outstandingBytes += bytes;
    const last = buffers.length - 1;
    const onWritten = (): void => {
      outstandingBytes -= bytes;
      if (connection.hasWork && state !== 'closed') flushSoon();
    };
    if (last === 0 && buffers[0] !== undefined) {
      socket.write(buffers[0], onWritten);
      return;
    }
    socket.cork();
    for (const [index, buffer] of buffers.entries())
      socket.write(buffer, index === last ? onWritten : undefined);
    socket.uncork();
  };
  const flushSoon = (): void => {
    if (connection.output.bytes + outstandingBytes > CONTROL_LIMIT_BYTES) {
      destroy(protocolFault(ErrorCode.ENHANCE_YOUR_CALM, 'the peer asks for answers and does not read them'));
      return;
    }
    if (scheduled || state === 'closed') return;
    scheduled = true;
    // After the poll phase: what all sockets brought in this turn leaves in one write, hence in few TLS records.
    setImmediate(flush);
  };
  const destroy = (error: Error): void => {
    if (state === 'closed') return;
    failure ??= error;
    const http2Code = error instanceof TunnelError ? error.http2Code : undefined;
    connection.goAway({ errorCode: http2Code ?? ErrorCode.NO_ERROR, final: true, debug: '' });
    const buffers = connection.output.take();
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
    const error = failure ?? endedError();
    connection.abandon(error);
    options.onClosed(failure);
  };
  const receive = (chunk: Buffer): void => {
    if (state === 'closed') return;
    lastReceivedMs = clock.monotonic();
    try {
      connection.receive(chunk);
    } catch (error) {
      if (!(error instanceof TunnelError)) throw error;
      destroy(error);
    }
  };
  const tick = (): void => {
    const nowMs = clock.monotonic();
    if (connection.settingsWaitingMs >= config.settingsTimeoutMs) {
      destroy(protocolFault(ErrorCode.SETTINGS_TIMEOUT, 'SETTINGS were not acknowledged'));
      return;
    }
    // Any bytes since show that the peer lives; its PING's answer may only stand in a long queue.
    if (
      pingSentMs !== undefined &&
      nowMs - Math.max(pingSentMs, lastReceivedMs) >= config.keepAliveTimeoutMs
    ) {
      destroy(keepAliveError(config.keepAliveTimeoutMs));
      return;
    }
    if (pingSentMs === undefined) {
      pingSentMs = nowMs;
      connection.ping(KEEP_ALIVE_PAYLOAD);
    }
    arm();
  };
  const arm = (): void => {
    const waitMs = pingSentMs === undefined ? config.keepAliveIntervalMs : config.keepAliveTimeoutMs;
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

function endedError(): TunnelError {
  return new TunnelError({
    code: 'ERR_TUNNEL_SESSION_CLOSED',
    blame: 'upstream',
    message: 'the peer closed the connection',
    retryable: true,
  });
}

function keepAliveError(timeoutMs: number): TunnelError {
  return new TunnelError({
    code: 'ERR_TUNNEL_KEEP_ALIVE',
    blame: 'upstream',
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
