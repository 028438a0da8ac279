import type { BufferAccount } from '../buffer-budget.ts';
import type { TunnelConfig } from '../config.ts';
import { DEFAULT_WINDOW_BYTES, ErrorCode, protocolFault } from '../frame/index.ts';
import type { Http2Stream } from './http2-stream.ts';

export interface WindowFrames {
  sendWindowUpdate(streamId: number, increment: number): void;
  /** A SETTINGS with this INITIAL_WINDOW_SIZE; `inEffect` is to be called with it when the peer acknowledged. */
  sendInitialWindow(bytes: number): void;
}

/**
 * What the peer may send, and how much of it waits unread. The connection's window is given back as bytes arrive, so
 * that stalled streams can never use it up for the live ones; each stream's own window is given back as its bytes are
 * read. That bounds a session to streams × window, which is too much when many stall: once more than one window's
 * worth lies unread (or the workload is half way to its cap) the session is *pressed*: the initial window shrinks for
 * all streams, and only those whose bytes are read at once grow theirs again.
 */
export class ReceiveWindows {
  readonly #config: TunnelConfig;
  readonly #account: BufferAccount;
  readonly #frames: WindowFrames;
  readonly #streams: ReadonlyMap<number, Http2Stream>;
  /** RFC 9113 §6.9.2: this holds until the peer acknowledges another. */
  #initialWindow = DEFAULT_WINDOW_BYTES;
  #connectionWindow: number;
  #unreadBytes = 0;
  #pressed = false;
  #changing = true;

  constructor(
    config: TunnelConfig,
    account: BufferAccount,
    streams: ReadonlyMap<number, Http2Stream>,
    frames: WindowFrames,
  ) {
    this.#config = config;
    this.#account = account;
    this.#streams = streams;
    this.#frames = frames;
    this.#connectionWindow = Math.max(config.connectionWindowBytes, DEFAULT_WINDOW_BYTES);
  }

  get initialWindow(): number {
    return this.#initialWindow;
  }

  get target(): number {
    return this.#pressed ? this.#config.pressedStreamWindowBytes : this.#config.streamWindowBytes;
  }

  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  get pressed(): boolean {
    return this.#pressed;
  }

  /** The peer acknowledged an INITIAL_WINDOW_SIZE: every stream moves by the difference, below zero if need be. */
  inEffect(bytes: number): void {
    const difference = bytes - this.#initialWindow;
    this.#initialWindow = bytes;
    this.#changing = false;
    for (const stream of this.#streams.values()) stream.receiveWindow += difference;
    // The need may have passed, or come, while the change was on its way.
    this.#review();
  }

  /** A DATA frame began. False when the stream's window is too small for it. */
  takeFrame(stream: Http2Stream | undefined, length: number): boolean {
    if (length > this.#connectionWindow)
      throw protocolFault(
        ErrorCode.FLOW_CONTROL_ERROR,
        `DATA of ${length} octets in a connection window of ${this.#connectionWindow}`,
      );
    this.#connectionWindow -= length;
    const missing = this.#config.connectionWindowBytes - this.#connectionWindow;
    if (missing > this.#config.connectionWindowBytes / 2) {
      this.#connectionWindow += missing;
      this.#frames.sendWindowUpdate(0, missing);
    }
    if (stream === undefined) return true;
    if (length > stream.receiveWindow) return false;
    stream.receiveWindow -= length;
    return true;
  }

  /** Records how much of the stream is unread. False when it must go: over the cap, and itself a reason why. */
  setUnread(stream: Http2Stream, unreadBytes: number): boolean {
    const difference = unreadBytes - stream.unreadBytes;
    if (difference === 0) return true;
    stream.unreadBytes = unreadBytes;
    this.#unreadBytes += difference;
    this.#account.add(difference);
    this.#review();
    if (unreadBytes <= this.#config.pressedStreamWindowBytes) return true;
    if (this.#pressed) stream.targetWindow = this.#config.pressedStreamWindowBytes;
    return difference < 0 || this.#account.pressure <= 1;
  }

  /** Gives read bytes back to the peer. `arriving` bytes are taken from the window already but not here yet. */
  credit(stream: Http2Stream, arriving: number): void {
    if (stream.remoteEnded || stream.closed) return;
    if (stream.unreadBytes === 0 && stream.targetWindow < this.#config.streamWindowBytes) this.#widen(stream);
    const increment = stream.targetWindow - stream.unreadBytes - stream.receiveWindow - arriving;
    if (increment < stream.targetWindow / 2) return;
    stream.receiveWindow += increment;
    this.#frames.sendWindowUpdate(stream.id, increment);
  }

  /** A stream of a pressed session whose reader keeps up gets its window back, in steps, while memory allows. */
  #widen(stream: Http2Stream): void {
    if (this.#pressed && this.#account.pressure > PRESSURE_ON) return;
    const spent = stream.targetWindow - stream.receiveWindow;
    if (spent < stream.targetWindow / 2) return;
    stream.targetWindow = Math.min(stream.targetWindow * 2, this.#config.streamWindowBytes);
  }

  #review(): void {
    if (this.#changing) return;
    const { streamWindowBytes, pressedStreamWindowBytes } = this.#config;
    if (pressedStreamWindowBytes >= streamWindowBytes) return;
    const { pressure } = this.#account;
    const high =
      this.#unreadBytes > streamWindowBytes ||
      (pressure > PRESSURE_ON && this.#unreadBytes > pressedStreamWindowBytes);
    const low = this.#unreadBytes < streamWindowBytes / 4 && pressure < PRESSURE_OFF;
    if (this.#pressed ? !low : !high) return;
    this.#pressed = !this.#pressed;
    this.#changing = true;
    // Streams that run keep what they were given when it widens; they grow by reading.
    if (this.#pressed)
      for (const stream of this.#streams.values()) stream.targetWindow = pressedStreamWindowBytes;
    this.#frames.sendInitialWindow(this.target);
  }
}

const PRESSURE_ON = 0.5;
const PRESSURE_OFF = 0.25;
