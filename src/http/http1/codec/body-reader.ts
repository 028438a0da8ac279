import type { HttpConfig } from '../../config.ts';
import type { HeaderList } from '../../message/header-list.ts';
import { ChunkedDecoder } from './chunked-decoder.ts';
import type { Fault } from '../../message/fault.ts';
import type { Framing } from './framing.ts';
import type { InputBuffer } from './input-buffer.ts';

/** Takes one message's body out of what comes in, and not a byte of the next one. */
export class BodyReader {
  readonly #framing: Framing;
  readonly #chunks: ChunkedDecoder | undefined;
  #leftBytes: number;

  constructor(framing: Framing, config: HttpConfig, fault: Fault) {
    this.#framing = framing;
    this.#chunks = framing.kind === 'chunked' ? new ChunkedDecoder(config, fault) : undefined;
    this.#leftBytes = framing.kind === 'length' ? framing.bytes : 0;
  }

  /** The body is complete. One that ends with its connection never is here. */
  get done(): boolean {
    if (this.#chunks !== undefined) return this.#chunks.done;
    return this.#framing.kind !== 'close' && this.#leftBytes === 0;
  }

  /** What is known to be missing; undefined: nobody knows. */
  get leftBytes(): number | undefined {
    return this.#framing.kind === 'length' ? this.#leftBytes : undefined;
  }

  get trailers(): HeaderList | undefined {
    return this.#chunks?.trailers;
  }

  /** The next bytes; undefined when more input is needed or the body is done. Throws when it is malformed. */
  next(input: InputBuffer): Buffer | undefined {
    if (this.#chunks !== undefined) return this.#chunks.next(input);
    if (this.#framing.kind === 'close') return input.takeUpTo(Number.MAX_SAFE_INTEGER);
    if (this.#leftBytes === 0) return undefined;
    const bytes = input.takeUpTo(this.#leftBytes);
    if (bytes !== undefined) this.#leftBytes -= bytes.length;
    return bytes;
  }

  /** The peer has ended: whether that is where the body ends too. */
  get endsWithConnection(): boolean {
    return this.#framing.kind === 'close';
  }
}
