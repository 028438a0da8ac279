import { FrameType, SETTINGS_ACK } from '../../../../src/http/http2/frame/index.ts';
import { type Dialogue, data, type WireFrame } from './scripted-peer.ts';

const FRAME_BYTES = 16 * 1024;

/** Sends as much as it may on each of its streams, and hears of smaller windows only a round trip later. */
export class ObedientPeer {
  readonly #dialogue: Dialogue;
  readonly #burstBytes: number;
  readonly #windows = new Map<number, number>();
  #connectionWindow: number;
  #initialWindow: number;
  #flight: Buffer[] = [];

  constructor(
    dialogue: Dialogue,
    options: {
      readonly connectionWindow: number;
      readonly initialWindow: number;
      /** The most that a stream sends in one round. */
      readonly burstBytes: number;
    },
  ) {
    this.#dialogue = dialogue;
    this.#connectionWindow = options.connectionWindow;
    this.#initialWindow = options.initialWindow;
    this.#burstBytes = options.burstBytes;
  }

  /** Opens a stream with the next round; it sends from the round after. */
  open(streamId: number): void {
    this.#flight.push(this.#dialogue.connect(streamId));
    this.#windows.set(streamId, this.#initialWindow);
  }

  /** What was on its way arrives, `onArrival` called behind each frame; what it was answered lets more be sent. */
  round(onArrival: () => void): void {
    for (const frame of this.#flight) {
      this.#dialogue.send(frame);
      onArrival();
    }
    this.#flight = [];
    for (const answer of this.#dialogue.sent()) this.#take(answer);
    for (const streamId of this.#windows.keys()) this.#fill(streamId);
  }

  #take({ type, streamId, length, payload }: WireFrame): void {
    if (type === FrameType.WINDOW_UPDATE) {
      const increment = payload.readUInt32BE(0);
      if (streamId === 0) this.#connectionWindow += increment;
      else this.#windows.set(streamId, (this.#windows.get(streamId) ?? 0) + increment);
    } else if (type === FrameType.SETTINGS && length > 0) {
      const initialWindow = payload.readUInt32BE(2);
      for (const [id, window] of this.#windows)
        this.#windows.set(id, window + initialWindow - this.#initialWindow);
      this.#initialWindow = initialWindow;
      this.#flight.push(SETTINGS_ACK);
    }
  }

  #fill(streamId: number): void {
    const window = this.#windows.get(streamId) ?? 0;
    let sent = 0;
    for (;;) {
      const length = Math.min(window - sent, this.#burstBytes - sent, this.#connectionWindow, FRAME_BYTES);
      if (length <= 0) break;
      this.#flight.push(data(streamId, length));
      this.#connectionWindow -= length;
      sent += length;
    }
    this.#windows.set(streamId, window - sent);
  }
}
