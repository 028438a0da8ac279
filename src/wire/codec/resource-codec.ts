import { type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { XdsResource } from '../../xds/index.ts';
import { contentVersion } from '../content-version.ts';
import { WireError } from '../errors.ts';

/** Between a value of the model and the bytes of its resource type. */
export interface ResourceCodec<T> {
  readonly typeUrl: string;
  encode(value: T): Uint8Array;
  /** Throws WireError, with the path of the field where one is to blame; never anything else. */
  decode(bytes: Uint8Array): T;
  /** The resource's name (wire.md §2.4). */
  nameOf(value: T): string;
  /** Other names under which it may be asked for. */
  aliasesOf(value: T): readonly string[];
}

/** How a value becomes the message of a resource, and back. `fromMessage` throws ERR_WIRE_FIELD. */
export interface MessageMapping<T, Desc extends DescMessage> {
  readonly typeUrl: string;
  readonly schema: Desc;
  toMessage(value: T): MessageShape<Desc>;
  fromMessage(message: MessageShape<Desc>): T;
  nameOf(value: T): string;
  aliasesOf?(value: T): readonly string[];
}

/** Decoding throws ERR_WIRE_DECODE for bytes that are none of the message, ERR_WIRE_FIELD for what is in it. */
export function resourceCodec<T, Desc extends DescMessage>(
  mapping: MessageMapping<T, Desc>,
): ResourceCodec<T> {
  return {
    typeUrl: mapping.typeUrl,
    encode: (value) => toBinary(mapping.schema, mapping.toMessage(value)),
    decode: (bytes) => mapping.fromMessage(decodeMessage(mapping.schema, bytes)),
    nameOf: mapping.nameOf,
    aliasesOf: mapping.aliasesOf ?? (() => []),
  };
}

/** Encodes a value once, into what the snapshot cache takes. */
export function encodeResource<T>(codec: ResourceCodec<T>, value: T): XdsResource {
  const bytes = codec.encode(value);
  return {
    name: codec.nameOf(value),
    version: contentVersion(bytes),
    aliases: codec.aliasesOf(value),
    bytes,
  };
}

/** Parses bytes, turning whatever the parser throws into a WireError. */
export function decodeMessage<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): MessageShape<Desc> {
  try {
    return fromBinary(schema, bytes);
  } catch (cause) {
    throw undecodable(schema, bytes, cause);
  }
}

/** ERR_WIRE_DECODE; only the length of the bytes is told. */
export function undecodable(schema: DescMessage, bytes: Uint8Array, cause: unknown): WireError {
  return new WireError({
    code: 'ERR_WIRE_DECODE',
    blame: 'upstream',
    message: `expected ${schema.typeName}, got ${bytes.length} bytes that are none`,
    cause,
  });
}
