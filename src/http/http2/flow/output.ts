/** What goes to the socket in one go. */
export interface Batch {
  readonly buffers: readonly Buffer[];
  readonly bytes: number;
  /** To be called once the socket is done with the buffers; never called, they are only garbage. */
  release(): void;
}

/**
 * Bytes on their way to the socket, in order. Small pieces are gathered into slabs, large ones go by reference, so
 * that a batch of frames becomes one write of few buffers. Slabs are shared by all sessions of the process and come
 * back when they are written: no allocation per write, and an idle session holds none.
 */
export class Output {
  #slabs: Buffer[] = [];
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
    bytes.copy(this.slab, offset);
  }

  /** Room for `length` small bytes that the caller fills in `slab` at once; returns their offset. */
  reserve(length: number): number {
    if (this.#slab === undefined || this.#slabEnd + length > SLAB_BYTES) {
      this.#closeSegment();
      this.#slab = freeSlabs.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#slabs.push(this.#slab);
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

  /** Everything so far. */
  take(): Batch {
    this.#closeSegment();
    const slabs = this.#slabs;
    const batch = {
      buffers: this.#buffers,
      bytes: this.#bytes,
      release: () => {
        for (const slab of slabs.splice(0)) if (freeSlabs.length < MAX_FREE_SLABS) freeSlabs.push(slab);
      },
    };
    this.#slab = undefined;
    this.#slabs = [];
    this.#buffers = [];
    this.#bytes = 0;
    return batch;
  }

  #closeSegment(): void {
    if (this.#slab !== undefined && this.#slabEnd > this.#slabStart)
      this.#buffers.push(this.#slab.subarray(this.#slabStart, this.#slabEnd));
    this.#slabStart = this.#slabEnd;
  }
}

/**
 * Whatever one read of a socket brings is gathered: a write of several buffers would be copied by node:tls all the
 * same, into memory that is new each time and makes V8 collect its whole heap for it.
 */
const GATHER_LIMIT_BYTES = 64 * 1024;
const SLAB_BYTES = 128 * 1024;
/** 4 MiB at most; each session that is writing has one or two in use. */
const MAX_FREE_SLABS = 32;
const freeSlabs: Buffer[] = [];
const EMPTY = Buffer.alloc(0);
