/** What goes to the socket in one go. */
export interface Batch {
  readonly buffers: readonly Buffer[];
  readonly bytes: number;
  /** To be called once the socket is done with the buffers; never called, they are only garbage. */
  release(): void;
}

/**
 * Bytes on their way to the socket, in order. Small pieces are gathered into slabs, large ones go by reference, so
 * that a batch of frames becomes one write of few buffers, and an idle session holds nothing.
 *
 * A socket copies what it writes: its slabs come back when they are written, and no write allocates. Any other stream may
 * hand the very bytes on to somebody who keeps them after the write is done; what such a stream was given is never written
 * again, and slabs are cut up among all sessions of the process.
 */
export class Output {
  readonly #recycles: boolean;
  #slabs: Buffer[] = [];
  #slab: Buffer | undefined;
  #slabStart = 0;
  #slabEnd = 0;
  #buffers: Buffer[] = [];
  #bytes = 0;

  /** `recycles`: the socket is done with bytes for good when it says that they are written. */
  constructor(recycles: boolean) {
    this.#recycles = recycles;
  }

  get bytes(): number {
    return this.#bytes;
  }

  append(bytes: Buffer): void {
    if (bytes.length > (this.#recycles ? GATHER_LIMIT_BYTES : SHARED_GATHER_LIMIT_BYTES)) {
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
    if (this.#recycles) this.#reserveOwn(length);
    else this.#reserveShared(length);
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

  #reserveOwn(length: number): void {
    if (this.#slab !== undefined && this.#slabEnd + length <= SLAB_BYTES) return;
    this.#closeSegment();
    this.#slab = freeSlabs.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.#slabs.push(this.#slab);
    this.#slabStart = 0;
    this.#slabEnd = 0;
  }

  #reserveShared(length: number): void {
    const fits = shared.end + length <= SLAB_BYTES;
    // Others may have taken of it since; what we have is continued only where it ends.
    if (!fits || this.#slab !== shared.slab || this.#slabEnd !== shared.end) {
      this.#closeSegment();
      if (!fits) {
        shared.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
        shared.end = 0;
      }
      this.#slab = shared.slab;
      this.#slabStart = shared.end;
      this.#slabEnd = shared.end;
    }
    shared.end += length;
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
/** Where slabs do not come back, what is copied has to be allocated too. */
const SHARED_GATHER_LIMIT_BYTES = 4 * 1024;
/** 4 MiB at most; each session that is writing has one or two in use. */
const MAX_FREE_SLABS = 32;
const freeSlabs: Buffer[] = [];
const EMPTY = Buffer.alloc(0);
/** The slab that is cut up, and how much of it is gone. */
const shared = { slab: EMPTY, end: SLAB_BYTES };
