import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';
import {
  type BufferAccount,
  type Clock,
  createBufferBudget,
  createSignal,
  type Signal,
} from '../../../base/index.ts';
import type { Http2Config } from '../config.ts';
import { Http2Connection } from '../connection/http2-connection.ts';
import { ErrorCode, protocolFault } from '../frame/index.ts';
import { createTransport } from './transport.ts';

/** open: takes requests. draining: GOAWAY was sent or received, or an end was asked for; what runs goes on. closed: nothing is left. */
export type ClientState = 'open' | 'draining' | 'closed';

/** What a client's end of a connection is made from. It owns the socket. */
export interface ClientEndOptions {
  readonly socket: Duplex;
  readonly config: Http2Config;
  readonly clock: Clock;
  /** Default: an account of this connection's own. */
  readonly account?: BufferAccount | undefined;
  /** Why no request can be sent: it is draining or closed. `cause`: what ended it, where nobody asked for that. */
  notOpen(state: ClientState, cause: Error | undefined): Error;
  /** Why no request can be sent now: as many as the peer allows are under way. */
  full(): Error;
}

/** The client's end of one HTTP/2 connection, whatever its streams carry. `close()` lets them end, `destroy()` cuts them. */
export interface ClientEnd {
  readonly connection: Http2Connection;
  readonly state: ClientState;
  /** Its state, its capacity or what runs on it is another. */
  readonly changes: Signal<void>;
  /** Resolves when the socket is gone. */
  readonly closed: Promise<void>;
  /** What speaks against one more request; undefined: nothing. */
  refusal(): Error | undefined;
  close(): Promise<void>;
  destroy(cause?: Error): void;
}

/** Begins at once: SETTINGS go out, and what the peer sends is read. */
export function createClientEnd(options: ClientEndOptions): ClientEnd {
  const { socket, config, clock } = options;
  const changes = createSignal<void>();
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<void>();
  let state: ClientState = 'open';
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
    config,
    recyclesOutput: socket instanceof Socket,
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
    socket,
    connection,
    config,
    clock,
    peer: 'upstream',
    onClosed: (error) => {
      failure ??= error;
      become('closed');
    },
  });
  socket.once('close', resolveClosed);
  if (socket.destroyed) resolveClosed();
  transport.start();

  return {
    connection,
    get state() {
      return state;
    },
    changes,
    closed,
    refusal() {
      if (state !== 'open' || !connection.canOpen) return options.notOpen(state, failure);
      return connection.activeStreams >= connection.peer.maxConcurrentStreams ? options.full() : undefined;
    },
    close() {
      become('draining');
      finishWhenIdle();
      return closed;
    },
    destroy(cause) {
      if (state === 'closed') return;
      become('draining');
      transport.destroy(cause ?? options.notOpen(state, failure));
    },
  };
}
