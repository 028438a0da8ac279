import {
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  FRAME_HEAD_BYTES,
  FrameFlag,
  FrameType,
  MAX_WINDOW_BYTES,
  protocolFault,
  writeFrameHead,
} from '../frame/index.ts';
import type { HeaderField } from '../hpack/index.ts';
import type { Http2Stream } from '../connection/http2-stream.ts';
import type { Output } from './output.ts';

/** What happens at the end of a stream, when its bytes are out. */
export interface SchedulerHost {
  /** Puts the HEADERS with END_STREAM that a stream ends with into the output. */
  sendTrailers(stream: Http2Stream, fields: readonly HeaderField[]): void;
  /** A stream's END_STREAM went out. */
  onEnded(stream: Http2Stream): void;
}

/**
 * Decides whose bytes go out next: streams that have some take turns, one quantum each, within their own window and
 * the connection's (RFC 9113 §5.2). A stream without window leaves the ring until it gets some.
 */
export class SendScheduler {
  connectionWindow = DEFAULT_WINDOW_BYTES;
  peerMaxFrameBytes = DEFAULT_MAX_FRAME_BYTES;
  #ring: Http2Stream[] = [];
  readonly #host: SchedulerHost;

  constructor(host: SchedulerHost) {
    this.#host = host;
  }

  /** True when a pump could move something. */
  get hasWork(): boolean {
    return (
      this.#ring.length > 0 && (this.connectionWindow > 0 || this.#ring.some((s) => s.pendingBytes === 0))
    );
  }

  /** The stream has bytes, an end, or a window that it had not before. */
  offer(stream: Http2Stream): void {
    if (stream.queued || stream.closed || stream.localEnded) return;
    const canSend = stream.pendingBytes > 0 ? stream.sendWindow > 0 : stream.endRequested !== undefined;
    if (!canSend) return;
    stream.queued = true;
    this.#ring.push(stream);
  }

  /** Frames as much as windows and `limitBytes` (of the whole output) allow. */
  pump(output: Output, limitBytes: number): void {
    let blocked: Http2Stream[] | undefined;
    while (this.#ring.length > 0 && output.bytes < limitBytes) {
      const turn = this.#ring;
      this.#ring = [];
      for (const [index, stream] of turn.entries()) {
        if (output.bytes >= limitBytes) {
          // What had no turn goes first next time.
          this.#ring = [...turn.slice(index), ...this.#ring];
          break;
        }
        stream.queued = false;
        if (stream.closed) continue;
        if (stream.pendingBytes > 0 && this.connectionWindow <= 0) {
          stream.queued = true;
          blocked ??= [];
          blocked.push(stream);
          continue;
        }
        this.#sendTurn(stream, output);
        this.offer(stream);
      }
    }
    if (blocked !== undefined) this.#ring = [...blocked, ...this.#ring];
  }

  /** RFC 9113 §6.9.1: a window that passes 2^31-1 is an error. */
  grow(stream: Http2Stream | undefined, increment: number): void {
    const window = (stream === undefined ? this.connectionWindow : stream.sendWindow) + increment;
    if (window > MAX_WINDOW_BYTES)
      throw protocolFault(ErrorCode.FLOW_CONTROL_ERROR, `a window of ${window} octets`);
    if (stream === undefined) {
      this.connectionWindow = window;
    } else {
      stream.sendWindow = window;
      this.offer(stream);
    }
  }

  #sendTurn(stream: Http2Stream, output: Output): void {
    // A window below zero holds bytes back, not an end that has none.
    const length = Math.max(
      0,
      Math.min(
        stream.pendingBytes,
        QUANTUM_BYTES,
        this.peerMaxFrameBytes,
        stream.sendWindow,
        this.connectionWindow,
      ),
    );
    if (stream.pendingBytes > 0 && length === 0) return;
    const last = stream.endRequested !== undefined && length === stream.pendingBytes;
    const { trailers } = stream;
    const endsWithData = last && trailers === undefined;
    if (length > 0 || endsWithData) {
      const offset = output.reserve(FRAME_HEAD_BYTES);
      writeFrameHead(output.slab, offset, {
        length,
        type: FrameType.DATA,
        flags: endsWithData ? FrameFlag.END_STREAM : 0,
        streamId: stream.id,
      });
      if (length > 0) this.#moveBytes(stream, length, output);
    }
    if (!last) return;
    if (trailers !== undefined) this.#host.sendTrailers(stream, trailers);
    stream.localEnded = true;
    const done = stream.endRequested;
    stream.endRequested = undefined;
    done?.();
    this.#host.onEnded(stream);
  }

  #moveBytes(stream: Http2Stream, length: number, output: Output): void {
    stream.pendingBytes -= length;
    stream.sendWindow -= length;
    this.connectionWindow -= length;
    let left = length;
    let finished = 0;
    for (const write of stream.pending) {
      if (write.bytes.length > left) {
        if (left > 0) output.append(write.bytes.subarray(0, left));
        write.bytes = write.bytes.subarray(left);
        break;
      }
      output.append(write.bytes);
      left -= write.bytes.length;
      finished += 1;
    }
    // The records go before their callbacks, which may write again at once.
    for (const write of stream.pending.splice(0, finished)) write.done?.();
  }
}

/** What one stream sends before the next has its turn. */
const QUANTUM_BYTES = 64 * 1024;
