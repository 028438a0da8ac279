import type { HeaderField } from './header-field.ts';
import { DynamicTable, ENTRY_OVERHEAD_BYTES } from './dynamic-table.ts';
import { hpackError } from './errors.ts';
import { decodeHuffman } from './huffman.ts';

/** The fields of one header block in their order, names and values as they came. */
export interface DecodedBlock {
  readonly fields: HeaderField[];
  /** True when the list passed the limit: `fields` is cut short, the table is in step all the same. */
  readonly tooLarge: boolean;
}

/** RFC 7541, the side that reads: one for a connection, and every block of it in order, as the table lives on. */
export interface HpackDecoder {
  /** Reads one complete header block. Throws a HttpError with COMPRESSION_ERROR; the decoder is useless then. */
  decode(block: Buffer): DecodedBlock;
}

/** `tableBytes` is our SETTINGS_HEADER_TABLE_SIZE; `maxListBytes` counts as SETTINGS_MAX_HEADER_LIST_SIZE does. */
export function createHpackDecoder(limits: {
  readonly tableBytes: number;
  readonly maxListBytes: number;
}): HpackDecoder {
  const table = new DynamicTable(limits.tableBytes);
  return {
    decode(block) {
      const reader = new BlockReader(block);
      const fields: HeaderField[] = [];
      let listBytes = 0;
      let first = true;
      let sizeUpdates = 0;
      while (!reader.atEnd) {
        const byte = reader.peek();
        if ((byte & 0xe0) === 0x20) {
          // RFC 7541 §4.2: only at the start of a block; two are enough to say low and final size.
          if (!first || ++sizeUpdates > 2)
            throw hpackError('a table size update stands inside a header block');
          const bytes = reader.integer(5);
          if (bytes > limits.tableBytes)
            throw hpackError(
              `a table size update to ${bytes} passes the limit of ${limits.tableBytes} bytes`,
            );
          table.resize(bytes);
          continue;
        }
        first = false;
        const field = readField(reader, table, byte);
        listBytes += field[0].length + field[1].length + ENTRY_OVERHEAD_BYTES;
        if (listBytes <= limits.maxListBytes) fields.push(field);
      }
      return { fields, tooLarge: listBytes > limits.maxListBytes };
    },
  };
}

function readField(reader: BlockReader, table: DynamicTable, byte: number): HeaderField {
  if ((byte & 0x80) !== 0) {
    const index = reader.integer(7);
    const field = index === 0 ? undefined : table.at(index);
    if (field === undefined) throw hpackError(`there is no table entry ${index}`);
    return field;
  }
  const indexing = (byte & 0x40) !== 0;
  const nameIndex = reader.integer(indexing ? 6 : 4);
  const named = nameIndex === 0 ? undefined : table.at(nameIndex);
  if (nameIndex !== 0 && named === undefined) throw hpackError(`there is no table entry ${nameIndex}`);
  const name = named === undefined ? reader.text() : named[0];
  const field: HeaderField = [name, reader.text()];
  if (indexing) table.add(field);
  return field;
}

class BlockReader {
  readonly #block: Buffer;
  #offset = 0;

  constructor(block: Buffer) {
    this.#block = block;
  }

  get atEnd(): boolean {
    return this.#offset >= this.#block.length;
  }

  peek(): number {
    return this.#block[this.#offset] ?? 0;
  }

  /** RFC 7541 §5.1. Anything that needs more than 28 further bits is an attack. */
  integer(prefixBits: number): number {
    const limit = (1 << prefixBits) - 1;
    let value = this.#byte() & limit;
    if (value < limit) return value;
    for (let shift = 0; ; shift += 7) {
      if (shift > 21) throw hpackError('an integer is too long');
      const byte = this.#byte();
      value += (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
  }

  /** RFC 7541 §5.2. */
  text(): string {
    const huffman = (this.peek() & 0x80) !== 0;
    const length = this.integer(7);
    const start = this.#offset;
    const end = start + length;
    if (end > this.#block.length) throw hpackError('a string runs past its header block');
    this.#offset = end;
    return huffman ? decodeHuffman(this.#block, start, end) : this.#block.toString('latin1', start, end);
  }

  #byte(): number {
    const byte = this.#block[this.#offset];
    if (byte === undefined) throw hpackError('a header block ends in the middle of a field');
    this.#offset += 1;
    return byte;
  }
}
