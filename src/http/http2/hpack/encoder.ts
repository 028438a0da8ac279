import type { HeaderField } from './header-field.ts';
import { STATIC_TABLE } from './static-table.ts';

export interface HpackEncoder {
  /** One complete header block. Names are lower-case and values Latin-1; the caller has checked both. */
  encode(fields: readonly HeaderField[]): Buffer;
}

/**
 * Static-table indices and plain literals, nothing dynamic: heads are few and short, and a table shared by all
 * streams would leak sizes between workloads. The first block says so with a table size of 0 (RFC 7541 §4.2), which
 * also settles every later reduction of SETTINGS_HEADER_TABLE_SIZE by the peer.
 */
export function createHpackEncoder(): HpackEncoder {
  let first = true;
  return {
    encode(fields) {
      const parts: Buffer[] = first ? [SIZE_UPDATE_TO_0] : [];
      first = false;
      for (const [name, value] of fields) {
        const whole = WHOLE_FIELDS.get(`${name}\0${value}`);
        if (whole !== undefined) {
          parts.push(whole);
          continue;
        }
        const index = NAMES.get(name);
        parts.push(index === undefined ? literalName(name) : integer(index, 4, 0), text(value));
      }
      return Buffer.concat(parts);
    },
  };
}

/** RFC 7541 §5.1. */
function integer(value: number, prefixBits: number, pattern: number): Buffer {
  const limit = (1 << prefixBits) - 1;
  if (value < limit) return Buffer.of(pattern | value);
  const bytes = [pattern | limit];
  let rest = value - limit;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([integer(bytes.length, 7, 0), bytes]);
}

function literalName(name: string): Buffer {
  return Buffer.concat([Buffer.of(0), text(name)]);
}

const SIZE_UPDATE_TO_0 = Buffer.of(0x20);
const NAMES = new Map([...STATIC_TABLE.entries()].reverse().map(([index, [name]]) => [name, index + 1]));
const WHOLE_FIELDS = new Map(
  [...STATIC_TABLE.entries()]
    .filter(([, [, value]]) => value !== '')
    .map(([index, [name, value]]) => [`${name}\0${value}`, Buffer.of(0x80 | (index + 1))]),
);
