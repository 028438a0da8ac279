import type { FloodGuard } from '../flow/flood-guard.ts';
import type { ReceiveWindows } from '../flow/receive-windows.ts';
import type { SendScheduler } from '../flow/send-scheduler.ts';
import {
  ErrorCode,
  encodePing,
  errorCodeName,
  type GoAwayFrame,
  type PingFrame,
  protocolFault,
  type ResetFrame,
  SETTINGS_ACK,
  type SettingsFrame,
  type WindowUpdateFrame,
} from '../frame/index.ts';
import { cutError, refusedError } from './cuts.ts';
import type { Http2Stream } from './http2-stream.ts';
import type { Role, SettingsExchange } from './settings-exchange.ts';
import type { StreamTable } from './stream-table.ts';

/** The parts of a connection that control frames change. */
export interface ControlContext {
  readonly role: Role;
  readonly streams: StreamTable;
  readonly settings: SettingsExchange;
  readonly scheduler: SendScheduler;
  readonly windows: ReceiveWindows;
  readonly floods: FloodGuard;
  now(): number;
  send(frame: Buffer): void;
  onPingAck(payload: Buffer): void;
  /** Limits, or the peer's wish to end, changed. */
  onChange(): void;
  /** Something waits in the output, or could after a pump. */
  onOutput(): void;
}

/** Takes the frames that are about streams and the connection, not about messages. */
export class ControlReceiver {
  readonly #context: ControlContext;
  #goAway: GoAwayFrame | undefined;

  constructor(context: ControlContext) {
    this.#context = context;
  }

  get goAway(): GoAwayFrame | undefined {
    return this.#goAway;
  }

  /** A stream ends before we answered it, by the peer's doing: work for nothing, unless it had its time. */
  countWasted(stream: Http2Stream): void {
    const { role, floods, now } = this.#context;
    // Streams that live this long are as few as the limit on streams makes them (CVE-2023-44487 is about others).
    if (role === 'server' && !stream.answered && now() - stream.openedMs < SHORT_LIFE_MS)
      floods.countWastedStream();
  }

  onReset(frame: ResetFrame): void {
    const { role, streams, floods } = this.#context;
    const stream = streams.open.get(frame.streamId);
    if (stream === undefined) {
      if (streams.isIdle(frame.streamId))
        throw protocolFault(ErrorCode.PROTOCOL_ERROR, `RST_STREAM on stream ${frame.streamId}, never opened`);
      floods.countIdleFrame('RST_STREAM on a closed stream');
      return;
    }
    this.countWasted(stream);
    const { errorCode } = frame;
    const gentle = errorCode === ErrorCode.NO_ERROR || errorCode === ErrorCode.CANCEL;
    if (gentle && stream.remoteEnded && stream.answered) {
      streams.forget(stream);
      stream.sink.onUnwanted();
      return;
    }
    const refused = errorCode === ErrorCode.REFUSED_STREAM && !stream.answered;
    const why = `the peer reset the stream with ${errorCodeName(errorCode)}`;
    streams.cut(stream, refused ? refusedError(why) : cutError(role, why, { http2Code: errorCode }));
  }

  onSettings(frame: SettingsFrame): void {
    const { settings, streams, scheduler, windows, floods } = this.#context;
    floods.countIdleFrame('SETTINGS');
    if (frame.ack) {
      windows.inEffect(settings.acknowledged());
      return;
    }
    const before = settings.peer.initialWindowBytes;
    settings.apply(frame.entries);
    const { initialWindowBytes, maxFrameBytes } = settings.peer;
    scheduler.peerMaxFrameBytes = maxFrameBytes;
    if (initialWindowBytes !== before)
      for (const stream of streams.open.values()) scheduler.grow(stream, initialWindowBytes - before);
    this.#context.send(SETTINGS_ACK);
    this.#context.onChange();
  }

  onPing(frame: PingFrame): void {
    if (frame.ack) {
      this.#context.onPingAck(frame.payload);
      return;
    }
    this.#context.floods.countIdleFrame('PING');
    this.#context.send(encodePing(frame.payload, true));
  }

  onGoAway(frame: GoAwayFrame): void {
    const { role, streams } = this.#context;
    this.#goAway = frame;
    if (role === 'client') {
      const why = `GOAWAY ${errorCodeName(frame.errorCode)} ${frame.debug}`.trim();
      // RFC 9113 §6.8: these were not looked at.
      for (const stream of [...streams.open.values()])
        if (stream.id > frame.lastStreamId) streams.cut(stream, refusedError(why));
    }
    this.#context.onChange();
  }

  onWindowUpdate(frame: WindowUpdateFrame): void {
    const { streams, scheduler } = this.#context;
    if (frame.streamId === 0) {
      scheduler.grow(undefined, frame.increment);
    } else {
      const stream = streams.open.get(frame.streamId);
      if (stream === undefined) {
        if (!streams.isIdle(frame.streamId)) return;
        throw protocolFault(ErrorCode.PROTOCOL_ERROR, `WINDOW_UPDATE on idle stream ${frame.streamId}`);
      }
      scheduler.grow(stream, frame.increment);
    }
    if (scheduler.hasWork) this.#context.onOutput();
  }
}

const SHORT_LIFE_MS = 100;
