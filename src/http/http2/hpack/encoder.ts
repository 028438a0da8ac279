import type { HeaderField } from './header-field.ts';
import { STATIC_TABLE } from './static-table.ts';

/** RFC 7541, the side that writes: one for a connection. */
export interface HpackEncoder {
  /**
   * One complete header block. Names are lower-case and values Latin-1; the caller has checked both. The bytes are valid until
   * any encoder encodes the next block.
   */
  encode(fields: readonly HeaderField[]): Buffer;
}

/**
 * Static-table indices and plain literals, nothing dynamic: a table shared by all streams would leak sizes between
 * workloads. The first block says so with a table size of 0 (RFC 7541 §4.2), which also settles every later reduction of
 * SETTINGS_HEADER_TABLE_SIZE by the peer.
 */
export function createHpackEncoder(): HpackEncoder {
  let first = true;
  return {
    encode(fields) {
      let end = 0;
      if (first) scratch[end++] = SIZE_UPDATE_TO_0;
      first = false;
      for (const [name, value] of fields) {
        makeRoom(end, name.length + value.length + MOST_OVERHEAD_BYTES);
        const known = KNOWN.get(name);
        const whole = known?.values.get(value);
        if (whole !== undefined) {
          scratch[end++] = INDEXED | whole;
          continue;
        }
        if (known === undefined) {
          scratch[end++] = 0;
          end = writeText(name, end);
        } else {
          end = writeInteger(known.index, 4, end);
        }
        end = writeText(value, end);
      }
      return scratch.subarray(0, end);
    },
  };
}

/** RFC 7541 §5.1, the bits before it being zero. */
function writeInteger(value: number, prefixBits: number, start: number): number {
  const limit = (1 << prefixBits) - 1;
  let end = start;
  if (value < limit) {
    scratch[end++] = value;
    return end;
  }
  scratch[end++] = limit;
  let rest = value - limit;
  for (; rest >= 0x80; rest >>>= 7) scratch[end++] = (rest & 0x7f) | 0x80;
  scratch[end++] = rest;
  return end;
}

function writeText(text: string, start: number): number {
  const end = writeInteger(text.length, 7, start);
  if (text.length > SHORT_TEXT) return end + scratch.write(text, end, 'latin1');
  // Cheaper than the call that copies.
  for (let index = 0; index < text.length; index++) scratch[end + index] = text.charCodeAt(index);
  return end + text.length;
}

function makeRoom(used: number, bytes: number): void {
  if (used + bytes <= scratch.length) return;
  const larger = Buffer.allocUnsafeSlow(2 * (used + bytes));
  scratch.copy(larger, 0, 0, used);
  scratch = larger;
}

interface KnownName {
  /** Of the first entry with this name. */
  readonly index: number;
  /** Entries with a value of their own. */
  readonly values: ReadonlyMap<string, number>;
}

function knownNames(): ReadonlyMap<string, KnownName> {
  const names = new Map<string, { index: number; values: Map<string, number> }>();
  for (const [position, [name, value]] of STATIC_TABLE.entries()) {
    let known = names.get(name);
    if (known === undefined) {
      known = { index: position + 1, values: new Map() };
      names.set(name, known);
    }
    if (value !== '') known.values.set(value, position + 1);
  }
  return names;
}

const KNOWN = knownNames();
const SIZE_UPDATE_TO_0 = 0x20;
const INDEXED = 0x80;
const SHORT_TEXT = 32;
/** A first byte, and two lengths. */
const MOST_OVERHEAD_BYTES = 16;
/** Where blocks are made; of the whole process, since one is finished before the next begins. */
let scratch = Buffer.allocUnsafeSlow(16 * 1024);
