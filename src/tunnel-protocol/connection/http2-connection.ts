import type { BufferAccount } from '../buffer-budget.ts';
import type { TunnelConfig } from '../config.ts';
import { TunnelError } from '../errors.ts';
import {
  ErrorCode,
  encodeGoAway,
  encodeHeaders,
  encodePing,
  encodeReset,
  encodeWindowUpdate,
  errorCodeName,
  type Frame,
  FrameDecoder,
  type FrameVisitor,
  type GoAwayFrame,
  type HeadersFrame,
  type PingFrame,
  protocolFault,
  type ResetFrame,
  SETTINGS_ACK,
  type SettingsFrame,
  type WindowUpdateFrame,
} from '../frame/index.ts';
import type { HeaderField } from '../head/index.ts';
import {
  createHpackDecoder,
  createHpackEncoder,
  type HpackDecoder,
  type HpackEncoder,
} from '../hpack/index.ts';
import { faultOfRequest, faultOfResponse } from './header-rules.ts';
import { Http2Stream, type PendingWrite, type StreamSink } from './http2-stream.ts';
import { Output } from './output.ts';
import { ReceiveWindows } from './receive-windows.ts';
import { SendScheduler } from './send-scheduler.ts';
import { type PeerSettings, type Role, SettingsExchange } from './settings-exchange.ts';
import { TokenBucket } from './token-bucket.ts';

/** What a connection tells its endpoint; synchronously, while it decodes or is asked. */
export interface ConnectionEvents {
  /** Something waits in the output, or could after a pump. */
  onOutput(): void;
  /** Server: a request. Whoever wants what follows sets the stream's sink. */
  onRequest(stream: Http2Stream, fields: readonly HeaderField[]): void;
  /** Streams, limits or the peer's wish to end changed. */
  onChange(): void;
  onPingAck(payload: Buffer): void;
}

export interface ConnectionOptions {
  readonly role: Role;
  readonly config: TunnelConfig;
  readonly account: BufferAccount;
  /** Milliseconds that never jump. */
  now(): number;
  readonly events: ConnectionEvents;
}

/**
 * One HTTP/2 connection without a socket (RFC 9113): bytes in, events and bytes out. Faults of the peer are thrown by
 * `receive` as a TunnelError; the endpoint sends GOAWAY with its code.
 */
export class Http2Connection implements FrameVisitor {
  readonly output = new Output();
  readonly receiveWindows: ReceiveWindows;
  readonly #role: Role;
  readonly #config: TunnelConfig;
  readonly #events: ConnectionEvents;
  readonly #streams = new Map<number, Http2Stream>();
  readonly #scheduler: SendScheduler;
  readonly #settings: SettingsExchange;
  readonly #decoder: FrameDecoder;
  readonly #hpackDecoder: HpackDecoder;
  readonly #hpackEncoder: HpackEncoder = createHpackEncoder();
  /** PING, SETTINGS and other frames that cost us more than them. */
  readonly #idleFrames: TokenBucket;
  /** Streams given up before we answered them (rapid reset, CVE-2023-44487). */
  readonly #rapidResets: TokenBucket;
  #lastLocalId = -1;
  #lastRemoteId = 0;
  #goAwaySentId = Number.POSITIVE_INFINITY;
  #goAwayReceived: GoAwayFrame | undefined;
  /** The DATA frame that is passing through. */
  #dataStream: Http2Stream | undefined;
  #dataLeft = 0;
  #dataEmpty = false;
  #prefaceLeft: number;

  constructor(options: ConnectionOptions) {
    const { role, config, account } = options;
    this.#role = role;
    this.#config = config;
    this.#events = options.events;
    this.#scheduler = new SendScheduler((stream) => this.#settle(stream));
    this.#settings = new SettingsExchange(role, config, options.now);
    this.#idleFrames = new TokenBucket(10_000, 1_000, options.now);
    this.#rapidResets = new TokenBucket(1_000, 100, options.now);
    const maxListBytes = role === 'client' ? config.clientHeaderListBytes : config.serverHeaderListBytes;
    this.#hpackDecoder = createHpackDecoder({ tableBytes: HPACK_TABLE_BYTES, maxListBytes });
    this.#decoder = new FrameDecoder(this, {
      maxFrameBytes: config.maxFrameBytes,
      maxBlockBytes: Math.max(maxListBytes, MIN_BLOCK_BYTES),
    });
    this.receiveWindows = new ReceiveWindows(config, account, this.#streams, {
      sendWindowUpdate: (streamId, increment) => this.#send(encodeWindowUpdate(streamId, increment)),
      sendInitialWindow: (bytes) => this.#send(this.#settings.initialWindow(bytes)),
    });
    this.#prefaceLeft = role === 'server' ? CLIENT_PREFACE.length : 0;
    if (role === 'client') this.output.append(CLIENT_PREFACE);
    this.output.append(this.#settings.first(config));
    const extra = config.connectionWindowBytes - 65_535;
    if (extra > 0) this.output.append(encodeWindowUpdate(0, extra));
  }

  get activeStreams(): number {
    return this.#streams.size;
  }

  get peer(): Readonly<PeerSettings> {
    return this.#settings.peer;
  }

  get settingsWaitingMs(): number {
    return this.#settings.waitingMs;
  }

  get goAwayReceived(): GoAwayFrame | undefined {
    return this.#goAwayReceived;
  }

  /** False once all stream identifiers are used up (RFC 9113 §5.1.1). */
  get canOpen(): boolean {
    return this.#lastLocalId < MAX_STREAM_ID - 2;
  }

  get hasWork(): boolean {
    return this.output.bytes > 0 || this.#scheduler.hasWork;
  }

  /** Throws a TunnelError when the peer broke the protocol. */
  receive(chunk: Buffer): void {
    this.#decoder.decode(this.#prefaceLeft === 0 ? chunk : this.#takePreface(chunk));
  }

  /** Moves DATA into the output until that holds `limitBytes`. */
  pump(limitBytes: number): void {
    this.#scheduler.pump(this.output, limitBytes);
  }

  /** Client: opens a stream. The caller has checked `canOpen`, limits and fields. */
  request(fields: readonly HeaderField[], sink: StreamSink): Http2Stream {
    this.#lastLocalId += 2;
    const stream = this.#addStream(this.#lastLocalId, sink);
    this.#sendHeaders(stream, fields, false);
    this.#events.onChange();
    return stream;
  }

  /** Server: answers a request. Does nothing on a stream that is gone. */
  respond(stream: Http2Stream, fields: readonly HeaderField[], endStream: boolean): void {
    if (stream.closed || stream.answered) return;
    stream.answered = true;
    this.#sendHeaders(stream, fields, endStream);
    if (!endStream) return;
    stream.localEnded = true;
    // The request has no end of its own; nothing more of it is wanted (RFC 9113 §8.1).
    if (stream.remoteEnded) this.#settle(stream);
    else this.reset(stream, ErrorCode.NO_ERROR);
  }

  /** Takes bytes of a stream; the last write's `done` is called when its bytes are framed, so no faster than they drain. */
  write(stream: Http2Stream, writes: readonly PendingWrite[]): void {
    for (const write of writes) {
      if (stream.closed) {
        write.done?.();
        continue;
      }
      stream.pending.push(write);
      stream.pendingBytes += write.bytes.length;
    }
    this.#offer(stream);
  }

  /** Half-closes once everything written is out. */
  end(stream: Http2Stream, done: (error?: Error) => void): void {
    if (stream.closed || stream.localEnded) {
      done();
      return;
    }
    stream.endRequested = done;
    this.#offer(stream);
  }

  /** Cuts a stream from our side. */
  reset(stream: Http2Stream, errorCode: number): void {
    if (stream.closed) return;
    this.#send(encodeReset(stream.id, errorCode));
    this.#forget(stream);
  }

  /** The reader took bytes: `unreadBytes` are left. */
  read(stream: Http2Stream, unreadBytes: number): void {
    this.receiveWindows.setUnread(stream, unreadBytes);
    this.receiveWindows.credit(stream, this.#dataStream === stream ? this.#dataLeft : 0);
  }

  ping(payload: Buffer): void {
    this.#send(encodePing(payload, false));
  }

  /** Announces the end. Server: `final` says that streams beyond the last one seen are not taken; else all still are. */
  goAway(options: { readonly errorCode: number; readonly final: boolean; readonly debug?: string }): void {
    const lastId = options.final ? this.#lastRemoteId : MAX_STREAM_ID;
    if (options.final) this.#goAwaySentId = lastId;
    this.#send(encodeGoAway(lastId, options.errorCode, options.debug));
  }

  /** The connection is over: every stream that is not complete is cut. */
  abandon(cause: Error): void {
    for (const stream of [...this.#streams.values()]) {
      this.#cut(stream, this.#cutError('the session ended', { cause }));
    }
  }

  onDataHead(streamId: number, length: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined && this.#isIdle(streamId))
      throw protocolFault(ErrorCode.PROTOCOL_ERROR, `DATA on stream ${streamId}, which was never opened`);
    this.#dataEmpty = length === 0;
    const fits = this.receiveWindows.takeFrame(stream, length);
    this.#dataStream = stream;
    this.#dataLeft = length;
    if (stream === undefined) return;
    if (stream.remoteEnded) this.#streamFault(stream, ErrorCode.STREAM_CLOSED, 'DATA after END_STREAM');
    else if (!fits) this.#streamFault(stream, ErrorCode.FLOW_CONTROL_ERROR, 'DATA beyond the window');
    else if (this.#role === 'client' && !stream.answered)
      this.#streamFault(stream, ErrorCode.PROTOCOL_ERROR, 'DATA before the answer');
  }

  onData(_streamId: number, bytes: Buffer): void {
    this.#dataLeft -= bytes.length;
    const stream = this.#dataStream;
    if (stream === undefined || stream.closed) return;
    const unread = stream.sink.onData(bytes);
    if (!this.receiveWindows.setUnread(stream, unread)) this.#overflow(stream);
  }

  onDataEnd(_streamId: number, endStream: boolean): void {
    const stream = this.#dataStream;
    this.#dataStream = undefined;
    this.#dataLeft = 0;
    if (this.#dataEmpty && !endStream) this.#countIdle('empty DATA');
    if (stream === undefined || stream.closed) return;
    if (endStream) this.#endRemote(stream);
    else this.receiveWindows.credit(stream, 0);
  }

  onFrame(frame: Frame): void {
    // RFC 9113 §3.4: each side's first frame is SETTINGS. (DATA and others need streams, which need HEADERS.)
    if (!this.#settings.peer.received && (frame.type !== 'settings' || frame.ack))
      throw protocolFault(ErrorCode.PROTOCOL_ERROR, `expected SETTINGS first, got ${frame.type}`);
    switch (frame.type) {
      case 'headers':
        this.#onHeaders(frame);
        return;
      case 'reset':
        this.#onReset(frame);
        return;
      case 'settings':
        this.#onSettings(frame);
        return;
      case 'ping':
        this.#onPing(frame);
        return;
      case 'go-away':
        this.#onGoAway(frame);
        return;
      case 'window-update':
        this.#onWindowUpdate(frame);
        return;
      case 'priority':
      case 'unknown':
        this.#countIdle(frame.type);
        return;
    }
  }

  /** RFC 9113 §3.4: a client begins with these octets. */
  #takePreface(chunk: Buffer): Buffer {
    const length = Math.min(chunk.length, this.#prefaceLeft);
    const matched = CLIENT_PREFACE.length - this.#prefaceLeft;
    if (CLIENT_PREFACE.compare(chunk, 0, length, matched, matched + length) !== 0)
      throw protocolFault(ErrorCode.PROTOCOL_ERROR, 'the connection does not begin with the HTTP/2 preface');
    this.#prefaceLeft -= length;
    return chunk.subarray(length);
  }

  #onHeaders(frame: HeadersFrame): void {
    // Decoded whatever becomes of the stream: the table is shared by all (RFC 9113 §4.3).
    const { fields, tooLarge } = this.#hpackDecoder.decode(frame.block);
    const stream = this.#streams.get(frame.streamId);
    if (stream === undefined) {
      if (this.#role === 'server') this.#onNewStream(frame, fields, tooLarge);
      else if (this.#isIdle(frame.streamId))
        throw protocolFault(ErrorCode.PROTOCOL_ERROR, `an answer on stream ${frame.streamId}, never opened`);
      else this.#countIdle('HEADERS on a closed stream');
      return;
    }
    if (stream.remoteEnded) {
      this.#streamFault(stream, ErrorCode.STREAM_CLOSED, 'HEADERS after END_STREAM');
    } else if (this.#role === 'server' || stream.answered) {
      // RFC 9113 §8.5: no HEADERS within a tunnel.
      this.#streamFault(stream, ErrorCode.PROTOCOL_ERROR, 'HEADERS inside a tunnel');
    } else if (tooLarge) {
      this.#streamFault(stream, ErrorCode.ENHANCE_YOUR_CALM, 'the answer has too many headers');
    } else {
      this.#onResponse(stream, frame, fields);
    }
  }

  #onResponse(stream: Http2Stream, frame: HeadersFrame, fields: readonly HeaderField[]): void {
    const fault = faultOfResponse(fields);
    if (fault !== undefined) {
      this.#streamFault(stream, ErrorCode.PROTOCOL_ERROR, fault);
      return;
    }
    // RFC 9110 §15.2: any number of interim answers may come first.
    if (fields.some(([name, value]) => name === ':status' && value.startsWith('1'))) {
      if (frame.endStream) this.#streamFault(stream, ErrorCode.PROTOCOL_ERROR, 'an interim answer that ends');
      else this.#countIdle('an interim answer');
      return;
    }
    stream.answered = true;
    stream.sink.onResponse(fields, frame.endStream);
    if (frame.endStream && !stream.closed) this.#endRemote(stream);
  }

  #onNewStream(frame: HeadersFrame, fields: readonly HeaderField[], tooLarge: boolean): void {
    const { streamId } = frame;
    // RFC 9113 §5.1.1: clients use odd numbers, rising.
    if (streamId % 2 === 0) throw protocolFault(ErrorCode.PROTOCOL_ERROR, `a request on stream ${streamId}`);
    if (streamId <= this.#lastRemoteId) {
      this.#countIdle('HEADERS on a closed stream');
      return;
    }
    if (streamId > this.#goAwaySentId) return;
    this.#lastRemoteId = streamId;
    const refuse = (errorCode: number): void => {
      if (!this.#rapidResets.take())
        throw protocolFault(ErrorCode.ENHANCE_YOUR_CALM, 'too many refused streams');
      this.#send(encodeReset(streamId, errorCode));
    };
    if (this.#streams.size >= this.#config.maxConcurrentStreams) refuse(ErrorCode.REFUSED_STREAM);
    else if (tooLarge) refuse(ErrorCode.ENHANCE_YOUR_CALM);
    else if (faultOfRequest(fields) !== undefined) refuse(ErrorCode.PROTOCOL_ERROR);
    else {
      const stream = this.#addStream(streamId, NO_SINK);
      stream.remoteEnded = frame.endStream;
      this.#events.onRequest(stream, fields);
      this.#events.onChange();
    }
  }

  #onReset(frame: ResetFrame): void {
    const stream = this.#streams.get(frame.streamId);
    if (stream === undefined) {
      if (this.#isIdle(frame.streamId))
        throw protocolFault(ErrorCode.PROTOCOL_ERROR, `RST_STREAM on stream ${frame.streamId}, never opened`);
      this.#countIdle('RST_STREAM on a closed stream');
      return;
    }
    if (this.#role === 'server' && !stream.answered && !this.#rapidResets.take())
      throw protocolFault(ErrorCode.ENHANCE_YOUR_CALM, 'too many streams reset before their answer');
    const { errorCode } = frame;
    const gentle = errorCode === ErrorCode.NO_ERROR || errorCode === ErrorCode.CANCEL;
    if (gentle && stream.remoteEnded && stream.answered) {
      this.#forget(stream);
      stream.sink.onUnwanted();
      return;
    }
    const refused = errorCode === ErrorCode.REFUSED_STREAM && !stream.answered;
    const why = `the peer reset the stream with ${errorCodeName(errorCode)}`;
    this.#cut(stream, refused ? this.#refusedError(why) : this.#cutError(why, { http2Code: errorCode }));
  }

  #onSettings(frame: SettingsFrame): void {
    this.#countIdle('SETTINGS');
    if (frame.ack) {
      this.receiveWindows.inEffect(this.#settings.acknowledged());
      return;
    }
    const before = this.#settings.peer.initialWindowBytes;
    this.#settings.apply(frame.entries);
    const { initialWindowBytes, maxFrameBytes } = this.#settings.peer;
    this.#scheduler.peerMaxFrameBytes = maxFrameBytes;
    if (initialWindowBytes !== before)
      for (const stream of this.#streams.values()) this.#scheduler.grow(stream, initialWindowBytes - before);
    this.#send(SETTINGS_ACK);
    this.#events.onChange();
  }

  #onPing(frame: PingFrame): void {
    if (frame.ack) {
      this.#events.onPingAck(frame.payload);
      return;
    }
    this.#countIdle('PING');
    this.#send(encodePing(frame.payload, true));
  }

  #onGoAway(frame: GoAwayFrame): void {
    this.#goAwayReceived = frame;
    if (this.#role === 'client') {
      // RFC 9113 §6.8: these were not looked at.
      for (const stream of [...this.#streams.values()]) {
        if (stream.id > frame.lastStreamId)
          this.#cut(
            stream,
            this.#refusedError(`GOAWAY ${errorCodeName(frame.errorCode)} ${frame.debug}`.trim()),
          );
      }
    }
    this.#events.onChange();
  }

  #onWindowUpdate(frame: WindowUpdateFrame): void {
    if (frame.streamId === 0) {
      this.#scheduler.grow(undefined, frame.increment);
    } else {
      const stream = this.#streams.get(frame.streamId);
      if (stream === undefined) {
        if (this.#isIdle(frame.streamId))
          throw protocolFault(
            ErrorCode.PROTOCOL_ERROR,
            `WINDOW_UPDATE on stream ${frame.streamId}, never opened`,
          );
        return;
      }
      this.#scheduler.grow(stream, frame.increment);
    }
    if (this.#scheduler.hasWork) this.#events.onOutput();
  }

  /** RFC 9113 §5.1: idle is what nobody has opened yet. */
  #isIdle(streamId: number): boolean {
    const ours = streamId % 2 === (this.#role === 'client' ? 1 : 0);
    return streamId > (ours ? Math.max(0, this.#lastLocalId) : this.#lastRemoteId);
  }

  #countIdle(what: string): void {
    if (!this.#idleFrames.take())
      throw protocolFault(ErrorCode.ENHANCE_YOUR_CALM, `too many frames like ${what}`);
  }

  #addStream(id: number, sink: StreamSink): Http2Stream {
    const stream = new Http2Stream({
      id,
      sink,
      sendWindow: this.#settings.peer.initialWindowBytes,
      receiveWindow: this.receiveWindows.initialWindow,
      targetWindow: this.receiveWindows.target,
    });
    this.#streams.set(id, stream);
    return stream;
  }

  #sendHeaders(stream: Http2Stream, fields: readonly HeaderField[], endStream: boolean): void {
    const { maxFrameBytes } = this.#settings.peer;
    const block = this.#hpackEncoder.encode(fields);
    this.#send(encodeHeaders({ streamId: stream.id, block, endStream, maxFrameBytes }));
  }

  #send(frame: Buffer): void {
    this.output.append(frame);
    this.#events.onOutput();
  }

  #offer(stream: Http2Stream): void {
    this.#scheduler.offer(stream);
    if (stream.queued) this.#events.onOutput();
  }

  #endRemote(stream: Http2Stream): void {
    stream.remoteEnded = true;
    stream.sink.onEnd();
    this.#settle(stream);
  }

  /** Forgets a stream that is complete both ways. */
  #settle(stream: Http2Stream): void {
    if (stream.localEnded && stream.remoteEnded) this.#forget(stream);
  }

  /** A stream error of RFC 9113 §5.4.2: ours to send, and the stream's end here. */
  #streamFault(stream: Http2Stream, errorCode: number, why: string): void {
    this.#send(encodeReset(stream.id, errorCode));
    this.#cut(
      stream,
      new TunnelError({
        code: 'ERR_TUNNEL_PROTOCOL',
        blame: this.#blame,
        message: `${errorCodeName(errorCode)}: ${why}`,
        http2Code: errorCode,
      }),
    );
  }

  #overflow(stream: Http2Stream): void {
    const message = `${stream.unreadBytes} bytes of one stream lay unread while its workload or process was at its cap`;
    this.#send(encodeReset(stream.id, ErrorCode.ENHANCE_YOUR_CALM));
    this.#cut(stream, new TunnelError({ code: 'ERR_TUNNEL_BUFFER_LIMIT', blame: 'local', message }));
  }

  #cut(stream: Http2Stream, error: TunnelError): void {
    this.#forget(stream, error);
    stream.sink.onCut(error);
  }

  #forget(stream: Http2Stream, error?: TunnelError): void {
    if (stream.closed) return;
    stream.closed = true;
    this.#streams.delete(stream.id);
    stream.pendingBytes = 0;
    for (const write of stream.pending.splice(0)) write.done?.(error);
    const ended = stream.endRequested;
    stream.endRequested = undefined;
    ended?.(error);
    this.#events.onChange();
  }

  get #blame(): 'upstream' | 'downstream' {
    return this.#role === 'client' ? 'upstream' : 'downstream';
  }

  #cutError(message: string, more: { readonly http2Code?: number; readonly cause?: Error }): TunnelError {
    return new TunnelError({ code: 'ERR_TUNNEL_STREAM_RESET', blame: this.#blame, message, ...more });
  }

  #refusedError(message: string): TunnelError {
    return new TunnelError({
      code: 'ERR_TUNNEL_STREAM_REFUSED',
      blame: 'upstream',
      message: `the peer did not take the stream: ${message}`,
      retryable: true,
    });
  }
}

/** RFC 9113 §3.4. */
export const CLIENT_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

const MAX_STREAM_ID = 0x7fff_ffff;
/** RFC 9113 §6.5.2's default, which we leave. */
const HPACK_TABLE_BYTES = 4096;
const MIN_BLOCK_BYTES = 16 * 1024;

const NO_SINK: StreamSink = {
  onResponse: ignore,
  onData: () => 0,
  onEnd: ignore,
  onCut: ignore,
  onUnwanted: ignore,
};

function ignore(): void {
  // Stands in until the endpoint has made the stream's own sink.
}
