import { Socket } from 'node:net';
import { type ByteStream, createBufferBudget, systemClock } from '../../../base/index.ts';
import { DEFAULT_HTTP_CONFIG } from '../../config.ts';
import { Deadline } from '../../deadline.ts';
import type { ServeOptions } from '../../endpoint-options.ts';
import { HttpError } from '../../errors.ts';
import type { HttpServerConnection } from '../../exchange.ts';
import { destroyedError, requestFault } from '../../message/fault.ts';
import { Http2Connection } from '../connection/http2-connection.ts';
import type { Http2Stream } from '../connection/http2-stream.ts';
import { type ReadRequest, readRequest } from '../fields/request-fields.ts';
import { ErrorCode, protocolFault } from '../frame/index.ts';
import type { HeaderField } from '../hpack/index.ts';
import { engineConfig } from './engine-config.ts';
import { Http2ServerExchange } from './server-exchange.ts';
import { StallWatch } from './stall-watch.ts';
import { createTransport } from './transport.ts';

/** Serves HTTP/2 with prior knowledge on a stream. Owns the stream from here on. */
export function serveHttp2(stream: ByteStream, options: ServeOptions): HttpServerConnection {
  const { duplex } = stream;
  const config = options.config ?? DEFAULT_HTTP_CONFIG;
  const clock = options.clock ?? systemClock;
  const engine = engineConfig(config);
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<void>();
  let draining: 'no' | 'announced' | 'final' = 'no';

  const refuse = (http2Stream: Http2Stream, error: HttpError): void => {
    options.onRefused?.(error);
    connection.respond(http2Stream, [[':status', `${error.status ?? 400}`]], true);
  };
  const onRequest = (http2Stream: Http2Stream, fields: readonly HeaderField[]): void => {
    if (draining === 'no') deadline.clear();
    let head: ReadRequest;
    try {
      head = readRequest(fields, config);
      const { contentLength = 0 } = head;
      if (http2Stream.remoteEnded && contentLength > 0)
        throw requestFault(`content-length ${contentLength} and no body`);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      refuse(http2Stream, error);
      return;
    }
    const exchange = new Http2ServerExchange(head, {
      connection,
      stream: http2Stream,
      config,
      now: () => clock.monotonic(),
      onRefused: (error) => options.onRefused?.(error),
      onOver: (over) => stalls.delete(over),
    });
    http2Stream.sink = exchange;
    stalls.add(exchange);
    options.onExchange(exchange);
  };
  const drain = (): void => {
    if (draining !== 'no') return;
    // RFC 9113 §6.8: what is on its way is still taken; the PING's answer shows that no more will come.
    draining = 'announced';
    connection.goAway({ errorCode: ErrorCode.NO_ERROR, final: false });
    connection.ping(DRAIN_PAYLOAD);
    deadline.set(config.lingerMs);
  };
  const sayFinal = (): void => {
    if (draining === 'final') return;
    draining = 'final';
    connection.goAway({ errorCode: ErrorCode.NO_ERROR, final: true });
    finishWhenIdle();
  };
  const finishWhenIdle = (): void => {
    if (connection.activeStreams > 0) return;
    if (draining === 'final') transport.finish();
    else if (draining === 'no') deadline.set(config.idleTimeoutMs);
  };
  const onDeadline = (): void => {
    if (!connection.peer.received)
      transport.destroy(protocolFault(ErrorCode.PROTOCOL_ERROR, 'no HTTP/2 preface came in time'));
    else if (draining === 'no') drain();
    else sayFinal();
  };

  const connection: Http2Connection = new Http2Connection({
    role: 'server',
    config: engine,
    recyclesOutput: duplex instanceof Socket,
    account: options.account ?? createBufferBudget().account(),
    now: () => clock.monotonic(),
    events: {
      onOutput: () => transport.flushSoon(),
      onRequest,
      onOversized: (http2Stream) =>
        refuse(
          http2Stream,
          requestFault(`a head of more than ${config.maxHeadBytes} bytes`, 'ERR_HTTP_HEAD_TOO_LARGE', 431),
        ),
      onChange: finishWhenIdle,
      onPingAck: (payload) => {
        if (payload.equals(DRAIN_PAYLOAD) && draining === 'announced') sayFinal();
        else transport.onPingAck(payload);
      },
    },
  });
  const deadline = new Deadline(clock, onDeadline);
  const stalls = new StallWatch(clock, config.bodyIdleTimeoutMs);
  const transport = createTransport({
    socket: duplex,
    connection,
    config: engine,
    clock,
    peer: 'downstream',
    onClosed: (error) => {
      deadline.destroy();
      stalls.destroy();
      if (error instanceof HttpError && error.blame === 'downstream') options.onRefused?.(error);
    },
  });
  deadline.set(config.headTimeoutMs);
  duplex.once('close', resolveClosed);
  if (duplex.destroyed) resolveClosed();
  transport.start();
  duplex.resume();

  return {
    get activeExchanges() {
      return connection.activeStreams;
    },
    closed,
    close() {
      drain();
      return closed;
    },
    destroy(cause) {
      transport.destroy(destroyedError(cause));
    },
  };
}

/** Marks the PING that follows the first GOAWAY. */
const DRAIN_PAYLOAD = Buffer.from('draining', 'latin1');
