import { randomInt } from 'node:crypto';

/**
 * 64 bits that stand for a name and a version, for as long as this process lives. A proxy that comes back names a whole mesh: to tell
 * that nothing has changed by numbers of its bytes costs a tenth of what it costs to make strings of them and to look each up.
 * The seed is the process's own, so that nobody can look for two resources that are taken for each other.
 */
export class Fingerprint {
  high = 0;
  low = 0;

  /** Of texts that lie in `bytes` as UTF-8. */
  setBytes(bytes: Uint8Array, name: TextRange, version: TextRange): void {
    this.high = SEEDS.high;
    this.low = SEEDS.low;
    this.#add(bytes, name.start, name.end);
    this.#addByte(SEPARATOR);
    this.#add(bytes, version.start, version.end);
    this.#finish();
  }

  set(name: string, version: string): void {
    const bytes = Buffer.from(name + version);
    const end = Buffer.byteLength(name);
    this.setBytes(bytes, { start: 0, end }, { start: end, end: bytes.length });
  }

  #add(bytes: Uint8Array, start: number, end: number): void {
    let { high, low } = this;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] ?? 0;
      high = Math.imul(high ^ byte, HIGH_FACTOR);
      low = Math.imul(((low << 13) | (low >>> 19)) ^ byte, LOW_FACTOR);
    }
    this.high = high;
    this.low = low;
  }

  #addByte(byte: number): void {
    this.high = Math.imul(this.high ^ byte, HIGH_FACTOR);
    this.low = Math.imul(((this.low << 13) | (this.low >>> 19)) ^ byte, LOW_FACTOR);
  }

  /** The last bytes have reached few bits yet. */
  #finish(): void {
    this.high = mixed(this.high ^ (this.low >>> 16));
    this.low = mixed(this.low ^ (this.high >>> 16));
  }
}

/** From `start` up to `end`. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

function mixed(number: number): number {
  let bits = number ^ (number >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

const SEEDS = { high: randomInt(2 ** 32) | 0, low: randomInt(2 ** 32) | 0 };
/** No byte of UTF-8: a name's end is told from a version's beginning. */
const SEPARATOR = 0xff;
/** FNV's prime, and an odd number of many bits. */
const HIGH_FACTOR = 0x01000193;
const LOW_FACTOR = 0x9e3779b1;
