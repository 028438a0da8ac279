import type { Fault } from '../../message/fault.ts';

/**
 * Bytes that have come and were not read yet. Whole chunks pass through as they are; only what is cut in the middle of a
 * line or head is gathered, and each byte of it is searched once.
 */
export class InputBuffer {
  #bytes: Buffer = EMPTY;
  /** Where gathered bytes lie, with room behind them. */
  #store: Buffer | undefined;
  #offset = 0;
  /** Up to where a search has found nothing. */
  #searched = 0;

  get length(): number {
    return this.#bytes.length - this.#offset;
  }

  push(chunk: Buffer): void {
    if (this.length === 0) {
      this.#bytes = chunk;
      this.#store = undefined;
      this.#offset = 0;
      this.#searched = 0;
      return;
    }
    const end = this.#bytes.length + chunk.length;
    // Behind `#bytes` the store was never handed out, so it may be written; what lies before may be somebody's by now.
    if (this.#store === undefined || end > this.#store.length) this.#moveToStore(chunk.length);
    const store = this.#store ?? EMPTY;
    const start = this.#bytes.length;
    chunk.copy(store, start);
    this.#bytes = store.subarray(0, start + chunk.length);
  }

  /** Twice the room that is needed, so that bytes that come one by one are not copied again each time. */
  #moveToStore(moreBytes: number): void {
    const left = this.#bytes.subarray(this.#offset);
    const store = Buffer.allocUnsafeSlow(2 * (left.length + moreBytes));
    left.copy(store);
    this.#store = store;
    this.#bytes = store.subarray(0, left.length);
    this.#searched = Math.max(0, this.#searched - this.#offset);
    this.#offset = 0;
  }

  /** The first byte; -1 when there is none. */
  peek(at = 0): number {
    return this.#bytes[this.#offset + at] ?? -1;
  }

  skip(bytes: number): void {
    this.#offset += bytes;
  }

  takeUpTo(limitBytes: number): Buffer | undefined {
    if (this.length === 0) return undefined;
    const end = Math.min(this.#bytes.length, this.#offset + limitBytes);
    const taken = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }

  /** Everything that is left. */
  takeAll(): Buffer {
    return this.takeUpTo(this.length) ?? EMPTY;
  }

  /** One line without its CRLF, when it is whole. Throws when it is longer, or has a bare CR or LF in it. */
  takeLine(limitBytes: number, fault: Fault): string | undefined {
    const bytes = this.#bytes;
    const start = this.#offset;
    const lineFeed = bytes.indexOf(LF, Math.max(start, this.#searched));
    const seenEnd = lineFeed === -1 ? bytes.length : lineFeed;
    const carriageReturn = bytes.subarray(start, seenEnd).indexOf(CR);
    // RFC 9112 §2.2: CR and LF come as a pair or not at all.
    if (carriageReturn !== -1 && start + carriageReturn !== seenEnd - 1) throw fault('a bare CR');
    const length = seenEnd - start - (carriageReturn === -1 ? 0 : 1);
    if (length > limitBytes) throw fault(`a line of more than ${limitBytes} bytes, or CRLF missing`);
    if (lineFeed === -1) {
      this.#searched = bytes.length;
      return undefined;
    }
    if (carriageReturn === -1) throw fault('a bare LF');
    this.#offset = lineFeed + 1;
    return bytes.toString('latin1', start, lineFeed - 1);
  }

  /**
   * Everything up to the empty line that ends a head, which itself is left out. `maybeEmpty`: there may be no line before
   * it. Throws for a bare LF as soon as it is here, and when the head is larger than it may be.
   */
  takeHead(limitBytes: number, maybeEmpty: boolean, fault: Fault): string | undefined {
    const bytes = this.#bytes;
    const start = this.#offset;
    if (maybeEmpty && bytes[start] === CR && bytes[start + 1] === LF) {
      this.#offset += 2;
      return '';
    }
    const end = bytes.indexOf(HEAD_END, Math.max(start, this.#searched - HEAD_END.length + 1));
    const seenBytes = (end === -1 ? bytes.length : end + 2) - start;
    if (seenBytes > limitBytes)
      throw fault(`a head of more than ${limitBytes} bytes`, 'ERR_HTTP_HEAD_TOO_LARGE', 431);
    if (end === -1) {
      this.#refuseBareLineFeed(Math.max(start, this.#searched), fault);
      this.#searched = bytes.length;
      return undefined;
    }
    this.#offset = end + HEAD_END.length;
    return bytes.toString('latin1', start, end + 2);
  }

  /** Somebody who ends lines with LF alone would otherwise wait for an answer until time is up. */
  #refuseBareLineFeed(from: number, fault: Fault): void {
    for (let at = this.#bytes.indexOf(LF, from); at !== -1; at = this.#bytes.indexOf(LF, at + 1))
      if (at === this.#offset || this.#bytes[at - 1] !== CR) throw fault('a bare LF');
  }

  /** What is here of a line that has not ended. */
  peekLine(): { readonly text: string; readonly whole: boolean } {
    const end = this.#bytes.indexOf(LF, this.#offset);
    if (end === -1) return { text: this.#bytes.toString('latin1', this.#offset), whole: false };
    return { text: this.#bytes.toString('latin1', this.#offset, end - 1), whole: true };
  }
}

const EMPTY = Buffer.alloc(0);
const CR = 0x0d;
const LF = 0x0a;
const HEAD_END = Buffer.from('\r\n\r\n', 'latin1');
