// Long, but one thing: it joins the parts of a connection, and is the only one that knows them all. Their logic is in their own files.
import type { BufferAccount } from '../../../base/index.ts';
import type { Http2Config } from '../config.ts';
import {
  CLIENT_PREFACE,
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  encodeGoAway,
  encodeHeaders,
  encodePing,
  encodeReset,
  encodeWindowUpdate,
  FRAME_HEAD_BYTES,
  type Frame,
  FrameDecoder,
  FrameFlag,
  FrameType,
  type FrameVisitor,
  type GoAwayFrame,
  PrefaceReader,
  protocolFault,
  writeFrameHead,
} from '../frame/index.ts';
import { createHpackEncoder, type HeaderField, type HpackEncoder } from '../hpack/index.ts';
import { ControlReceiver } from './control-receiver.ts';
import { overflowError, streamFault } from './cuts.ts';
import { DataReceiver } from '../flow/data-receiver.ts';
import { FloodGuard } from '../flow/flood-guard.ts';
import { HeaderReceiver } from './header-receiver.ts';
import { pseudoField } from './header-rules.ts';
import { Http2Stream, NO_SINK, type PendingWrite, type StreamSink } from './http2-stream.ts';
import { Output } from '../flow/output.ts';
import { ReceiveWindows } from '../flow/receive-windows.ts';
import { SendScheduler } from '../flow/send-scheduler.ts';
import { type PeerSettings, type Role, SettingsExchange } from './settings-exchange.ts';
import { MAX_STREAM_ID, StreamTable } from './stream-table.ts';

/** What a connection tells its endpoint; synchronously, while it decodes or is asked. */
export interface ConnectionEvents {
  /** Something waits in the output, or could after a pump. */
  onOutput(): void;
  /** Server: a request; set the stream's sink. */
  onRequest(stream: Http2Stream, fields: readonly HeaderField[]): void;
  /**
   * Server: a request with more fields than `headerListBytes` allows, of which nothing is known; to be answered and ended at
   * once. Without this such streams are refused.
   */
  onOversized?(stream: Http2Stream): void;
  /** Streams, limits or the peer's wish to end changed. */
  onChange(): void;
  onPingAck(payload: Buffer): void;
}

/** What a connection is made from: no socket and no timer, so that both ends can be tested in memory. */
export interface ConnectionOptions {
  readonly role: Role;
  readonly config: Http2Config;
  readonly account: BufferAccount;
  /** See `Output`; true only for sockets. */
  readonly recyclesOutput?: boolean | undefined;
  /** Milliseconds that never jump. */
  now(): number;
  readonly events: ConnectionEvents;
}

/**
 * One HTTP/2 connection without a socket (RFC 9113): bytes in, events and bytes out. Faults of the peer are thrown by
 * `receive` as a HttpError; the endpoint sends GOAWAY with its code.
 */
export class Http2Connection implements FrameVisitor {
  readonly output: Output;
  readonly receiveWindows: ReceiveWindows;
  readonly #role: Role;
  readonly #events: ConnectionEvents;
  readonly #now: () => number;
  readonly #streams: StreamTable;
  readonly #scheduler: SendScheduler;
  readonly #settings: SettingsExchange;
  readonly #decoder: FrameDecoder;
  readonly #headers: HeaderReceiver;
  readonly #hpackEncoder: HpackEncoder = createHpackEncoder();
  readonly #floods: FloodGuard;
  readonly #data: DataReceiver;
  readonly #control: ControlReceiver;
  #over = false;
  readonly #preface: PrefaceReader | undefined;

  constructor(options: ConnectionOptions) {
    const { role, config, account } = options;
    this.output = new Output(options.recyclesOutput ?? false);
    this.#role = role;
    this.#events = options.events;
    this.#now = options.now;
    this.#scheduler = new SendScheduler({
      sendTrailers: (stream, fields) => this.#sendHeaders(stream, fields, true),
      onEnded: (stream) => this.#streams.settle(stream),
    });
    this.#settings = new SettingsExchange(role, config, options.now);
    this.#floods = new FloodGuard(options.now);
    this.#streams = new StreamTable(role, () => options.events.onChange());
    this.#decoder = new FrameDecoder(this, {
      maxFrameBytes: config.maxFrameBytes,
      // Enough for a list that is too large to be read to its end, and told so.
      maxBlockBytes: Math.max(2 * config.headerListBytes, MIN_BLOCK_BYTES),
    });
    const frames = {
      sendWindowUpdate: (streamId: number, increment: number) =>
        this.#send(encodeWindowUpdate(streamId, increment)),
      sendInitialWindow: (bytes: number) => this.#send(this.#settings.initialWindow(bytes)),
    };
    this.receiveWindows = new ReceiveWindows(config, account, this.#streams.open, frames, options.now);
    this.#data = new DataReceiver(this.receiveWindows, {
      onFault: (stream, errorCode, why) => this.#streamFault(stream, errorCode, why),
      onOverflow: (stream) => this.#overflow(stream),
      onEnd: (stream) => this.#streams.endRemote(stream),
    });
    this.#headers = new HeaderReceiver(
      { role, config, streams: this.#streams, floods: this.#floods },
      {
        onRequest: (streamId, fields, endStream) => this.#takeRequest(streamId, fields, endStream),
        onResponse: (stream, fields, endStream) => this.#takeResponse(stream, fields, endStream),
        onInformational: (stream, fields) => stream.sink.onInformational?.(fields),
        onTrailers: (stream, fields) => this.#takeTrailers(stream, fields),
        onFault: (stream, errorCode, why) => this.#streamFault(stream, errorCode, why),
        onOversized: (streamId, endStream) => this.#takeOversized(streamId, endStream),
        onRefused: (streamId, errorCode) => this.#send(encodeReset(streamId, errorCode)),
      },
    );
    this.#control = new ControlReceiver({
      role,
      streams: this.#streams,
      settings: this.#settings,
      scheduler: this.#scheduler,
      windows: this.receiveWindows,
      floods: this.#floods,
      now: options.now,
      send: (frame) => this.#send(frame),
      onPingAck: (payload) => options.events.onPingAck(payload),
      onChange: () => options.events.onChange(),
      onOutput: () => options.events.onOutput(),
    });
    this.#preface = role === 'server' ? new PrefaceReader() : undefined;
    if (role === 'client') this.output.append(CLIENT_PREFACE);
    this.output.append(this.#settings.first(config));
    const extra = config.connectionWindowBytes - DEFAULT_WINDOW_BYTES;
    if (extra > 0) this.output.append(encodeWindowUpdate(0, extra));
  }

  get activeStreams(): number {
    return this.#streams.open.size;
  }

  get peer(): Readonly<PeerSettings> {
    return this.#settings.peer;
  }

  get settingsWaitingMs(): number {
    return this.#settings.waitingMs;
  }

  get goAwayReceived(): GoAwayFrame | undefined {
    return this.#control.goAway;
  }

  /** False once all stream identifiers are used up (RFC 9113 §5.1.1). */
  get canOpen(): boolean {
    return this.#streams.hasNextId;
  }

  get hasWork(): boolean {
    return this.output.bytes > 0 || this.#scheduler.hasWork;
  }

  /** Throws a HttpError when the peer broke the protocol. */
  receive(chunk: Buffer): void {
    this.#decoder.decode(this.#preface === undefined ? chunk : this.#preface.strip(chunk));
  }

  /** Moves DATA into the output until that holds `limitBytes`. */
  pump(limitBytes: number): void {
    this.#scheduler.pump(this.output, limitBytes);
  }

  /** Client: opens a stream. The caller has checked `canOpen`, limits and fields. */
  request(fields: readonly HeaderField[], sink: StreamSink, endStream = false): Http2Stream {
    const stream = this.#addStream(this.#streams.nextId(), sink, fields);
    stream.localEnded = endStream;
    this.#sendHeaders(stream, fields, endStream);
    this.#events.onChange();
    return stream;
  }

  /** Server: sends an interim answer; only before the final one. */
  informational(stream: Http2Stream, fields: readonly HeaderField[]): void {
    if (!stream.closed && !stream.answered) this.#sendHeaders(stream, fields, false);
  }

  /** Server: answers a request. Does nothing on a stream that is gone. */
  respond(stream: Http2Stream, fields: readonly HeaderField[], endStream: boolean): void {
    if (stream.closed || stream.answered) return;
    stream.answered = true;
    this.#sendHeaders(stream, fields, endStream);
    if (!endStream) return;
    stream.localEnded = true;
    // The request has no end of its own; nothing more of it is wanted (RFC 9113 §8.1).
    if (stream.remoteEnded) this.#streams.settle(stream);
    else this.reset(stream, ErrorCode.NO_ERROR);
  }

  /** Takes bytes of a stream; the last write's `done` is called when its bytes are framed, so no faster than they drain. */
  write(stream: Http2Stream, writes: readonly PendingWrite[]): void {
    for (const write of writes) {
      // No bytes need no frame, and no window; behind others they are done with these.
      if (stream.closed || (write.bytes.length === 0 && stream.pending.length === 0)) {
        write.done?.();
        continue;
      }
      stream.pending.push(write);
      stream.pendingBytes += write.bytes.length;
    }
    this.#offer(stream);
  }

  /** Half-closes once everything written is out, with `trailers` as the last where there are any. */
  end(stream: Http2Stream, done: (error?: Error) => void, trailers?: readonly HeaderField[]): void {
    if (stream.closed || stream.localEnded) {
      done();
      return;
    }
    stream.endRequested = done;
    stream.trailers = trailers;
    this.#offer(stream);
  }

  /** Throws away what waits to be framed; its writes are done. For an end that must not wait for the peer's window. */
  discard(stream: Http2Stream): void {
    stream.pendingBytes = 0;
    for (const write of stream.pending.splice(0)) write.done?.();
  }

  /** Cuts a stream from our side. */
  reset(stream: Http2Stream, errorCode: number): void {
    if (stream.closed) return;
    this.#send(encodeReset(stream.id, errorCode));
    this.#streams.forget(stream);
  }

  /** The reader took bytes: `unreadBytes` are left. */
  read(stream: Http2Stream, unreadBytes: number): void {
    this.#data.read(stream, unreadBytes);
  }

  ping(payload: Buffer): void {
    this.#send(encodePing(payload, false));
  }

  /** Announces the end. Server: `final` says that streams beyond the last one seen are not taken; else all still are. */
  goAway(options: { readonly errorCode: number; readonly final: boolean; readonly debug?: string }): void {
    const lastId = options.final ? this.#streams.lastRemoteId : MAX_STREAM_ID;
    if (options.final) this.#headers.lastTakenId = lastId;
    this.#send(encodeGoAway(lastId, options.errorCode, options.debug));
  }

  /** The connection is over: every stream that is not complete is cut. */
  abandon(cause: Error): void {
    this.#over = true;
    this.#streams.cutAll(cause);
  }

  onDataHead(streamId: number, length: number, endStream: boolean): void {
    const stream = this.#streams.open.get(streamId);
    if (stream === undefined && this.#streams.isIdle(streamId) && !this.#over)
      throw protocolFault(ErrorCode.PROTOCOL_ERROR, `DATA on stream ${streamId}, which was never opened`);
    if (length === 0 && !endStream) this.#floods.countIdleFrame('empty DATA');
    this.#data.begin(stream, length, this.#role === 'server' || stream?.answered === true);
  }

  onData(_streamId: number, bytes: Buffer): void {
    this.#data.piece(bytes);
  }

  onDataEnd(_streamId: number, endStream: boolean): void {
    this.#data.end(endStream);
  }

  onFrame(frame: Frame): void {
    // Abandoned from within a callback: the rest of the chunk is nobody's.
    if (this.#over) return;
    // RFC 9113 §3.4: each side's first frame is SETTINGS. (DATA and others need streams, which need HEADERS.)
    if (!this.#settings.peer.received && (frame.type !== 'settings' || frame.ack))
      throw protocolFault(ErrorCode.PROTOCOL_ERROR, `expected SETTINGS first, got ${frame.type}`);
    switch (frame.type) {
      case 'headers':
        this.#headers.receive(frame);
        return;
      case 'reset':
        this.#control.onReset(frame);
        return;
      case 'settings':
        this.#control.onSettings(frame);
        return;
      case 'ping':
        this.#control.onPing(frame);
        return;
      case 'go-away':
        this.#control.onGoAway(frame);
        return;
      case 'window-update':
        this.#control.onWindowUpdate(frame);
        return;
      case 'priority':
      case 'unknown':
        this.#floods.countIdleFrame(frame.type);
        return;
    }
  }

  #takeRequest(streamId: number, fields: readonly HeaderField[], endStream: boolean): void {
    const stream = this.#addStream(streamId, NO_SINK, fields);
    stream.remoteEnded = endStream;
    this.#events.onRequest(stream, fields);
    this.#events.onChange();
  }

  #takeOversized(streamId: number, endStream: boolean): boolean {
    const { onOversized } = this.#events;
    if (onOversized === undefined) return false;
    const stream = this.#addStream(streamId, NO_SINK, []);
    stream.remoteEnded = endStream;
    onOversized(stream);
    return true;
  }

  #takeTrailers(stream: Http2Stream, fields: readonly HeaderField[]): void {
    stream.sink.onTrailers?.(fields);
    if (!stream.closed) this.#streams.endRemote(stream);
  }

  #takeResponse(stream: Http2Stream, fields: readonly HeaderField[], endStream: boolean): void {
    stream.answered = true;
    stream.sink.onResponse(fields, endStream);
    if (endStream && !stream.closed) this.#streams.endRemote(stream);
  }

  #addStream(id: number, sink: StreamSink, fields: readonly HeaderField[]): Http2Stream {
    const stream = new Http2Stream({
      id,
      sink,
      openedMs: this.#now(),
      tunnel: pseudoField(fields, ':method') === 'CONNECT',
      sendWindow: this.#settings.peer.initialWindowBytes,
      receiveWindow: this.receiveWindows.initialWindow,
      targetWindow: this.receiveWindows.target,
    });
    this.#streams.open.set(id, stream);
    this.receiveWindows.review();
    return stream;
  }

  #sendHeaders(stream: Http2Stream, fields: readonly HeaderField[], endStream: boolean): void {
    const { maxFrameBytes } = this.#settings.peer;
    const block = this.#hpackEncoder.encode(fields);
    if (block.length > DEFAULT_MAX_FRAME_BYTES) {
      this.#send(encodeHeaders({ streamId: stream.id, block, endStream, maxFrameBytes }));
      return;
    }
    // Nearly every block: once from where it was encoded to where it leaves from.
    const offset = this.output.reserve(FRAME_HEAD_BYTES + block.length);
    writeFrameHead(this.output.slab, offset, {
      length: block.length,
      type: FrameType.HEADERS,
      flags: FrameFlag.END_HEADERS | (endStream ? FrameFlag.END_STREAM : 0),
      streamId: stream.id,
    });
    block.copy(this.output.slab, offset + FRAME_HEAD_BYTES);
    this.#events.onOutput();
  }

  #send(frame: Buffer): void {
    this.output.append(frame);
    this.#events.onOutput();
  }

  #offer(stream: Http2Stream): void {
    this.#scheduler.offer(stream);
    if (stream.queued) this.#events.onOutput();
  }

  /** A stream error of RFC 9113 §5.4.2: ours to send, and the stream's end here. */
  #streamFault(stream: Http2Stream, errorCode: number, why: string): void {
    // Resets that the peer makes us send waste as much as those it sends itself (CVE-2025-8671).
    this.#control.countWasted(stream);
    this.#send(encodeReset(stream.id, errorCode));
    this.#streams.cut(stream, streamFault(this.#role, errorCode, why));
  }

  #overflow(stream: Http2Stream): void {
    this.#send(encodeReset(stream.id, ErrorCode.ENHANCE_YOUR_CALM));
    this.#streams.cut(stream, overflowError(stream.unreadBytes));
  }
}

const MIN_BLOCK_BYTES = 16 * 1024;
