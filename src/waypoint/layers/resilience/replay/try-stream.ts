import { Readable } from 'node:stream';

/** Where a try's body comes from. */
export interface TrySource {
  /** What tries before it have read. */
  readonly kept: readonly Buffer[];
  /** Asked for what comes behind that; answered by `deliver` and `end`, now or when there is some and `wake` was called. */
  more(): void;
}

/** A body as one try sends it: first what others have read, then what the source brings. */
export class TryStream extends Readable {
  readonly #kept: Buffer[];
  readonly #more: () => void;
  #wants = false;

  constructor({ kept, more }: TrySource) {
    super();
    this.#kept = [...kept];
    this.#more = more;
  }

  /** Returns whether more is wanted. */
  deliver(chunk: Buffer): boolean {
    this.#wants = this.push(chunk);
    return this.#wants;
  }

  end(): void {
    this.#wants = false;
    this.push(null);
  }

  /** The source has more, or has ended. */
  wake(): void {
    // What a stream that was given up would take is for the next.
    if (this.#wants && !this.destroyed) this.#more();
  }

  override _read(): void {
    this.#wants = true;
    while (this.#wants) {
      const chunk = this.#kept.shift();
      if (chunk === undefined) break;
      this.deliver(chunk);
    }
    this.wake();
  }
}
