/**
 * Bytes on their way to the socket, in order. Small pieces are gathered into one buffer, large ones go by reference,
 * so that a batch of frames becomes one write of few buffers.
 */
export class Output {
  #slab: Buffer | undefined;
  #slabStart = 0;
  #slabEnd = 0;
  #buffers: Buffer[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  append(bytes: Buffer): void {
    if (bytes.length > GATHER_LIMIT_BYTES) {
      this.#closeSegment();
      this.#buffers.push(bytes);
      this.#bytes += bytes.length;
      return;
    }
    const offset = this.reserve(bytes.length);
    if (this.#slab !== undefined) bytes.copy(this.#slab, offset);
  }

  /** Room for `length` small bytes that the caller fills in `slab` at once; returns their offset. */
  reserve(length: number): number {
    if (this.#slab === undefined || this.#slabEnd + length > this.#slab.length) {
      this.#closeSegment();
      // The first slab of a batch is small, since most batches are; a batch that goes on gets large ones.
      this.#slab = Buffer.allocUnsafeSlow(this.#bytes === 0 ? SMALL_SLAB_BYTES : LARGE_SLAB_BYTES);
      this.#slabStart = 0;
      this.#slabEnd = 0;
    }
    const offset = this.#slabEnd;
    this.#slabEnd += length;
    this.#bytes += length;
    return offset;
  }

  /** Where `reserve` points into. */
  get slab(): Buffer {
    return this.#slab ?? EMPTY;
  }

  /** Everything so far; the caller owns the buffers. */
  take(): Buffer[] {
    this.#closeSegment();
    this.#slab = undefined;
    const buffers = this.#buffers;
    this.#buffers = [];
    this.#bytes = 0;
    return buffers;
  }

  #closeSegment(): void {
    if (this.#slab !== undefined && this.#slabEnd > this.#slabStart)
      this.#buffers.push(this.#slab.subarray(this.#slabStart, this.#slabEnd));
    this.#slabStart = this.#slabEnd;
  }
}

/** Copying up to this costs less than one more buffer in a write. */
const GATHER_LIMIT_BYTES = 4096;
const SMALL_SLAB_BYTES = 4096 + 64;
const LARGE_SLAB_BYTES = 32 * 1024;
const EMPTY = Buffer.alloc(0);
