import { type DescField, type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { WireError } from '../errors.ts';
import { undecodable } from './resource-codec.ts';

/** How much a message may unfold into. Two bytes can stand for an object of some hundred. */
export interface MessageBounds {
  /** Texts, messages and packed lists, at whatever depth. */
  readonly parts: number;
  /** Bytes of one entry of a list of the message itself. */
  readonly entryBytes: number;
}

/**
 * Parses bytes of somebody who is not believed: they are counted before anything is made of them, and unknown fields are passed
 * over. Throws ERR_WIRE_INVALID_REQUEST for what is too much, ERR_WIRE_DECODE for what is none.
 */
export function decodeBounded<Desc extends DescMessage>(
  schema: Desc,
  bytes: Uint8Array,
  bounds: MessageBounds,
): MessageShape<Desc> {
  let left = bounds.parts;
  /** `entryBytes` is for the lists of the outermost message alone. */
  const count = (inner: DescMessage, part: Uint8Array, entryBytes = Number.POSITIVE_INFINITY): void => {
    const fields = fieldsOf(inner);
    const reader = new BinaryReader(part);
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      if (wireType !== WireType.LengthDelimited) {
        reader.skip(wireType, number);
        continue;
      }
      const value = reader.bytes();
      left -= 1;
      if (left < 0) throw tooMuch(`${schema.typeName} may have ${bounds.parts} parts, got more`);
      const field = fields.get(number);
      if (field?.fieldKind === 'list' && value.length > entryBytes)
        throw tooMuch(`an entry of ${field.name} may have ${entryBytes} bytes, got ${value.length}`);
      const next = field === undefined ? undefined : messageOf(field);
      if (next !== undefined) count(next, value);
      // An entry of a map is a message of a key and a value, which is a message here too.
      else if (field?.fieldKind === 'map') left -= MAP_ENTRY_PARTS;
    }
  };
  try {
    count(schema, bytes, bounds.entryBytes);
    return fromBinary(schema, bytes, { readUnknownFields: false });
  } catch (cause) {
    throw cause instanceof WireError ? cause : undecodable(schema, bytes, cause);
  }
}

function messageOf(field: DescField): DescMessage | undefined {
  return field.fieldKind === 'map' ? undefined : field.message;
}

function fieldsOf(schema: DescMessage): ReadonlyMap<number, DescField> {
  let fields = numbered.get(schema);
  if (fields === undefined) {
    fields = new Map(schema.fields.map((field) => [field.number, field]));
    numbered.set(schema, fields);
  }
  return fields;
}

function tooMuch(problem: string): WireError {
  return new WireError({ code: 'ERR_WIRE_INVALID_REQUEST', blame: 'downstream', message: problem });
}

const numbered = new WeakMap<DescMessage, ReadonlyMap<number, DescField>>();
const MAP_ENTRY_PARTS = 2;
