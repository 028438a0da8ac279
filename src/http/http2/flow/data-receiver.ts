import { ErrorCode } from '../frame/index.ts';
import type { Http2Stream } from '../connection/http2-stream.ts';
import type { ReceiveWindows } from './receive-windows.ts';

/** What becomes of a stream whose DATA came. */
export interface DataOutcome {
  /** The peer broke a rule: reset the stream with this code. */
  onFault(stream: Http2Stream, errorCode: number, why: string): void;
  /** The stream holds too much unread while memory is short. */
  onOverflow(stream: Http2Stream): void;
  onEnd(stream: Http2Stream): void;
}

/** Takes the DATA frame that is passing through to its stream, and accounts for it piece by piece. */
export class DataReceiver {
  readonly #windows: ReceiveWindows;
  readonly #outcome: DataOutcome;
  #stream: Http2Stream | undefined;
  /** Of the frame: taken from the window, not arrived yet. */
  #leftBytes = 0;

  constructor(windows: ReceiveWindows, outcome: DataOutcome) {
    this.#windows = windows;
    this.#outcome = outcome;
  }

  /** `stream` is undefined when it is closed already: its bytes still count for the connection (RFC 9113 §5.1). */
  begin(stream: Http2Stream | undefined, length: number, expected: boolean): void {
    const fits = this.#windows.takeFrame(stream, length);
    this.#stream = stream;
    this.#leftBytes = length;
    if (stream === undefined) return;
    if (stream.remoteEnded) this.#outcome.onFault(stream, ErrorCode.STREAM_CLOSED, 'DATA after END_STREAM');
    else if (!fits) this.#outcome.onFault(stream, ErrorCode.FLOW_CONTROL_ERROR, 'DATA beyond the window');
    else if (!expected) this.#outcome.onFault(stream, ErrorCode.PROTOCOL_ERROR, 'DATA before the answer');
  }

  piece(bytes: Buffer): void {
    this.#leftBytes -= bytes.length;
    const stream = this.#stream;
    if (stream === undefined || stream.closed) return;
    const unread = stream.sink.onData(bytes);
    if (!this.#windows.setUnread(stream, unread)) this.#outcome.onOverflow(stream);
  }

  end(endStream: boolean): void {
    const stream = this.#stream;
    this.#stream = undefined;
    this.#leftBytes = 0;
    if (stream === undefined || stream.closed) return;
    if (endStream) this.#outcome.onEnd(stream);
    else this.#windows.credit(stream, 0);
  }

  /** The reader took bytes: `unreadBytes` are left. */
  read(stream: Http2Stream, unreadBytes: number): void {
    this.#windows.setUnread(stream, unreadBytes);
    this.#windows.credit(stream, this.#stream === stream ? this.#leftBytes : 0);
  }
}
