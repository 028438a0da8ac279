import type { BufferAccount } from '../../../base/index.ts';
import type { Http2Config } from '../config.ts';
import { DEFAULT_WINDOW_BYTES, ErrorCode, protocolFault } from '../frame/index.ts';
import { TokenBucket } from './flood-guard.ts';
import type { Http2Stream } from '../connection/http2-stream.ts';

/** How a change of our windows is told to the peer (RFC 9113 §6.9). */
export interface WindowFrames {
  sendWindowUpdate(streamId: number, increment: number): void;
  /** A SETTINGS with this INITIAL_WINDOW_SIZE; `inEffect` is to be called with it when the peer acknowledged. */
  sendInitialWindow(bytes: number): void;
}

/**
 * What the peer may send, and how much of it waits unread. The connection's window is given back as bytes arrive, so
 * that stalled streams can never use it up for the live ones; each stream's own window is given back as its bytes are
 * read. What a session can be made to hold is therefore bounded by the streams' windows, and these are kept small
 * enough, before anything is sent into them:
 *
 * - The initial window shrinks as streams are opened, so that all of them together fit the connection's window. The
 *   SETTINGS that says so goes out before the answer that lets the peer send, so it never comes too late.
 * - A stream whose bytes are read at once grows its own window again, out of a second budget of the same size.
 * - Once more than one full window's worth lies unread (or the workload is half way to its cap) the session is
 *   *pressed*: every stream falls to the smallest window.
 */
export class ReceiveWindows {
  readonly #config: Http2Config;
  readonly #account: BufferAccount;
  readonly #frames: WindowFrames;
  readonly #streams: ReadonlyMap<number, Http2Stream>;
  /** RFC 9113 §6.9.2: this holds until the peer acknowledges another. */
  #initialWindow = DEFAULT_WINDOW_BYTES;
  #connectionWindow: number;
  #unreadBytes = 0;
  #pressed = false;
  /** What the last SETTINGS said, acknowledged or not. */
  #advertised: number;
  /** SETTINGS with an initial window that the peer has not acknowledged; the first is sent with the preface. */
  #unacknowledged = 1;
  /** How often the initial window may grow: each time costs SETTINGS, of which a peer takes only so many. */
  readonly #growths: TokenBucket;

  constructor(
    config: Http2Config,
    account: BufferAccount,
    streams: ReadonlyMap<number, Http2Stream>,
    frames: WindowFrames,
    now: () => number,
  ) {
    this.#config = config;
    this.#account = account;
    this.#streams = streams;
    this.#frames = frames;
    this.#growths = new TokenBucket(GROWTH_BURST, GROWTHS_PER_SECOND, now);
    this.#advertised = config.streamWindowBytes;
    this.#connectionWindow = Math.max(config.connectionWindowBytes, DEFAULT_WINDOW_BYTES);
  }

  get initialWindow(): number {
    return this.#initialWindow;
  }

  /** What a new stream's window comes to once the peer has acknowledged everything. */
  get target(): number {
    return this.#advertised;
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
    this.#unacknowledged -= 1;
    for (const stream of this.#streams.values()) {
      stream.receiveWindow += difference;
      // What a stream had spent of a larger window may be more than all of the smaller one: nothing that it sends could
      // bring it a credit any more.
      if (difference < 0) this.#refund(stream, 0);
    }
    // The need may have passed while the change was on its way.
    this.review();
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
    // RFC 9113 §6.9.1: an empty frame, which ends a stream, needs no window; it may be below zero.
    if (length > 0 && length > stream.receiveWindow) return false;
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
    this.review();
    if (unreadBytes <= this.#config.pressedStreamWindowBytes) return true;
    if (this.#pressed) stream.targetWindow = this.#config.pressedStreamWindowBytes;
    return difference < 0 || this.#account.pressure <= 1;
  }

  /** Gives read bytes back to the peer. `arriving` bytes are taken from the window already but not here yet. */
  credit(stream: Http2Stream, arriving: number): void {
    if (stream.unreadBytes === 0 && stream.targetWindow < this.#config.streamWindowBytes) this.#widen(stream);
    this.#refund(stream, arriving);
  }

  #refund(stream: Http2Stream, arriving: number): void {
    // Without a target nobody is to send any more; 0 is no increment either (RFC 9113 §6.9).
    if (stream.remoteEnded || stream.closed || stream.targetWindow === 0) return;
    const increment = stream.targetWindow - stream.unreadBytes - stream.receiveWindow - arriving;
    if (increment < stream.targetWindow / 2) return;
    stream.receiveWindow += increment;
    this.#frames.sendWindowUpdate(stream.id, increment);
  }

  /** A stream whose reader keeps up gets a larger window, in steps, while memory and the second budget allow. */
  #widen(stream: Http2Stream): void {
    if (this.#pressed && this.#account.pressure > PRESSURE_ON) return;
    const spent = stream.targetWindow - stream.receiveWindow;
    if (spent < stream.targetWindow / 2) return;
    const wider = Math.min(stream.targetWindow * 2, this.#config.streamWindowBytes);
    if (this.#widenedBytes() + wider - stream.targetWindow > this.#config.connectionWindowBytes) return;
    stream.targetWindow = wider;
  }

  /**
   * What streams were given beyond the initial window. Asked for a few times in a stream's life. A smaller target takes
   * nothing back: what lies unread, and what the peer was told that it may send, count until they are gone. Where it may send no
   * more, or all that it sends is thrown away, only what lies there counts.
   */
  #widenedBytes(): number {
    let bytes = 0;
    for (const { targetWindow, receiveWindow, unreadBytes, remoteEnded } of this.#streams.values()) {
      const mayFill = !remoteEnded && targetWindow > 0;
      const granted = mayFill
        ? Math.max(targetWindow, unreadBytes + Math.max(0, receiveWindow))
        : unreadBytes;
      if (granted > this.#advertised) bytes += granted - this.#advertised;
    }
    return bytes;
  }

  /** Fits the initial window to the streams that are open and to what lies unread. Call when a stream was opened. */
  review(): void {
    if (this.#config.pressedStreamWindowBytes >= this.#config.streamWindowBytes) return;
    this.#reviewPressure();
    const fitting = this.#fittingWindow();
    const shrinks = fitting < this.#advertised;
    // Growing has time; shrinking does not wait for an acknowledgement.
    const grows = fitting >= this.#advertised * GROWTH_STEP && this.#unacknowledged === 0;
    if (!shrinks && !(grows && this.#growths.take())) return;
    this.#advertised = fitting;
    this.#unacknowledged += 1;
    // Streams that run keep what they were given when it widens; they grow by reading.
    if (shrinks)
      for (const stream of this.#streams.values())
        if (stream.targetWindow > fitting) stream.targetWindow = fitting;
    this.#frames.sendInitialWindow(fitting);
  }

  #reviewPressure(): void {
    const { streamWindowBytes, pressedStreamWindowBytes } = this.#config;
    const { pressure } = this.#account;
    if (this.#pressed) {
      if (this.#unreadBytes < streamWindowBytes / 4 && pressure < PRESSURE_OFF) this.#pressed = false;
    } else if (this.#unreadBytes > streamWindowBytes) this.#pressed = true;
    else if (pressure > PRESSURE_ON && this.#unreadBytes > pressedStreamWindowBytes) this.#pressed = true;
  }

  /** A power of two, so that it changes seldom. */
  #fittingWindow(): number {
    const { streamWindowBytes, pressedStreamWindowBytes, connectionWindowBytes } = this.#config;
    if (this.#pressed) return pressedStreamWindowBytes;
    const share = connectionWindowBytes / Math.max(1, this.#streams.size);
    const rounded = 2 ** Math.floor(Math.log2(share));
    return Math.min(streamWindowBytes, Math.max(pressedStreamWindowBytes, rounded));
  }
}

const PRESSURE_ON = 0.5;
const PRESSURE_OFF = 0.25;
/** The initial window grows again only when it may become this many times what it is. */
const GROWTH_STEP = 4;
const GROWTH_BURST = 4;
const GROWTHS_PER_SECOND = 0.1;
