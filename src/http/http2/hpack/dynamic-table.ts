import type { HeaderField } from './header-field.ts';
import { STATIC_TABLE } from './static-table.ts';

/** RFC 7541 §4.1: what an entry costs beyond its text. */
export const ENTRY_OVERHEAD_BYTES = 32;

/** The index space of RFC 7541 §2.3.3: the static table, then what the peer added, newest first. */
export class DynamicTable {
  readonly #entries: HeaderField[] = [];
  #sizeBytes = 0;
  #capacityBytes: number;

  constructor(capacityBytes: number) {
    this.#capacityBytes = capacityBytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** Index 1 is the first static entry; undefined beyond the last dynamic one. */
  at(index: number): HeaderField | undefined {
    if (index <= STATIC_TABLE.length) return STATIC_TABLE[index - 1];
    // Newest first: the array's end is index 62.
    return this.#entries[this.#entries.length - (index - STATIC_TABLE.length)];
  }

  /** RFC 7541 §4.4: an entry larger than the table empties it, and that is no error. */
  add(field: HeaderField): void {
    const bytes = field[0].length + field[1].length + ENTRY_OVERHEAD_BYTES;
    this.#evictTo(this.#capacityBytes - bytes);
    if (bytes > this.#capacityBytes) return;
    this.#entries.push(field);
    this.#sizeBytes += bytes;
  }

  resize(capacityBytes: number): void {
    this.#capacityBytes = capacityBytes;
    this.#evictTo(capacityBytes);
  }

  #evictTo(bytes: number): void {
    while (this.#sizeBytes > Math.max(0, bytes)) {
      const [oldest] = this.#entries.splice(0, 1);
      if (oldest === undefined) break;
      this.#sizeBytes -= oldest[0].length + oldest[1].length + ENTRY_OVERHEAD_BYTES;
    }
  }
}
