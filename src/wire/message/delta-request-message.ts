import { create, type JsonObject, toBinary } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import {
  type DeltaRequest,
  Fingerprint,
  type HeldResources,
  type TextRange,
  type XdsNode,
} from '../../xds/index.ts';
import { decodeBounded } from '../codec/bounded-message.ts';
import { WireError } from '../errors.ts';
import { type Node, NodeSchema } from '../generated/core_pb.js';
import { DeltaDiscoveryRequestSchema } from '../generated/discovery_pb.js';
import { StatusSchema } from '../generated/status_pb.js';

/** `google.rpc.Code`: what refused resources are called by every discovery client. */
const INVALID_ARGUMENT = 3;
/** The number of `initial_resource_versions` in proto/discovery.proto; a test holds the two equal. */
const INITIAL_VERSIONS = 5;
/** Of `node`, likewise. */
const NODE = 1;

/** A proxy names a mesh, and a mesh of 100,000 pods has 110,000 resources. */
const MOST_HELD = 1_000_000;
/** Names to subscribe to, mostly; whoever asks for more than 200,000 is refused later. */
const BOUNDS = { parts: 500_000, entryBytes: 4096 };
/** What a stream says of itself is kept as long as the stream, and so is why it refused something. */
const LONGEST_NODE_BYTES = 256 * 1024;
const LONGEST_REJECTION = 4096;

/** `envoy.service.discovery.v3.DeltaDiscoveryRequest`; a rejection becomes INVALID_ARGUMENT. */
export function encodeDeltaRequest(request: DeltaRequest): Buffer {
  const message = create(DeltaDiscoveryRequestSchema, {
    typeUrl: request.typeUrl,
    resourceNamesSubscribe: [...request.subscribe],
    resourceNamesUnsubscribe: [...request.unsubscribe],
    initialResourceVersions: Object.fromEntries(request.initialVersions),
    responseNonce: request.responseNonce,
  });
  if (request.node !== undefined) {
    const { id, metadata } = request.node;
    message.node = create(NodeSchema, { id, metadata: { ...metadata } });
  }
  if (request.rejection !== undefined)
    message.errorDetail = create(StatusSchema, { code: INVALID_ARGUMENT, message: request.rejection });
  return asBuffer(toBinary(DeltaDiscoveryRequestSchema, message));
}

/**
 * Throws WireError ERR_WIRE_DECODE; so does reading its `initialVersions`, which are views of `bytes` until then. What would unfold
 * into more than a mesh can be is refused with ERR_WIRE_INVALID_REQUEST: two bytes can stand for a name.
 */
export function decodeDeltaRequest(bytes: Uint8Array): DeltaRequest {
  const { rest, initialVersions } = setInitialVersionsAside(bytes);
  const message = decodeBounded(DeltaDiscoveryRequestSchema, rest, BOUNDS);
  const { errorDetail } = message;
  return {
    node: message.node && decodeNode(message.node),
    typeUrl: message.typeUrl,
    subscribe: message.resourceNamesSubscribe,
    unsubscribe: message.resourceNamesUnsubscribe,
    initialVersions,
    responseNonce: message.responseNonce,
    rejection: errorDetail && (errorDetail.message.slice(0, LONGEST_REJECTION) || `code ${errorDetail.code}`),
  };
}

/**
 * What a proxy still holds, by hand: after a restart of the controller each one names the whole mesh, all at once. Entries of
 * the map (field 5) stay bytes until somebody asks, one after the other, so that no list of them outlives a young collection.
 * The other fields are left for the generated code.
 */
function setInitialVersionsAside(bytes: Uint8Array): {
  readonly rest: Uint8Array;
  readonly initialVersions: HeldResources;
} {
  const rest: Uint8Array[] = [];
  let held = 0;
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const start = reader.pos;
      const [field, type] = reader.tag();
      reader.skip(type, field);
      if (isInitialVersion(field, type)) held += 1;
      else rest.push(bytes.subarray(start, reader.pos));
      if (held > MOST_HELD)
        throw tooMuch(`initial_resource_versions may name ${MOST_HELD} resources, got more`);
      if (rest.length > BOUNDS.parts) throw tooMuch(`a request may have ${BOUNDS.parts} parts, got more`);
      const length = reader.pos - start;
      if (field === NODE && length > LONGEST_NODE_BYTES)
        throw tooMuch(`node may have ${LONGEST_NODE_BYTES} bytes, got ${length}`);
    }
  } catch (error) {
    if (error instanceof WireError) throw error;
    // The generated code finds the same fault, and says what was expected.
    return { rest: bytes, initialVersions: [] };
  }
  if (held === 0) return { rest: bytes, initialVersions: [] };
  return {
    rest: Buffer.concat(rest),
    initialVersions: heldIn(bytes),
  };
}

function isInitialVersion(field: number, type: WireType): boolean {
  return field === INITIAL_VERSIONS && type === WireType.LengthDelimited;
}

/** Entries of the map, which stay bytes: what a visitor reads of one is made when it asks. Throws ERR_WIRE_DECODE. */
function heldIn(bytes: Uint8Array): HeldResources {
  const all = asBuffer(bytes);
  const textOf = ({ start, end }: TextRange): string => all.toString('utf8', start, end);
  return {
    *[Symbol.iterator]() {
      for (const { name, version } of entriesOf(bytes)) yield [textOf(name), textOf(version)] as const;
    },
    visit(visitor) {
      const fingerprint = new Fingerprint();
      let count = 0;
      for (const { name, version } of entriesOf(bytes)) {
        fingerprint.setBytes(bytes, name, version);
        visitor(fingerprint, () => [textOf(name), textOf(version)]);
        count += 1;
      }
      return count;
    },
  };
}

interface Entry {
  readonly name: TextRange;
  readonly version: TextRange;
}

function* entriesOf(bytes: Uint8Array): Generator<Entry> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (isInitialVersion(field, type)) yield readEntry(reader);
    else reader.skip(type, field);
  }
}

/** An entry of a map: the key is field 1, the value field 2, and either may be missing. Throws ERR_WIRE_DECODE. */
function readEntry(reader: BinaryReader): Entry {
  const length = reader.uint32();
  const end = reader.pos + length;
  let name = NO_TEXT;
  let version = NO_TEXT;
  try {
    while (reader.pos < end) {
      const [field, type] = reader.tag();
      if (field === 1 && type === WireType.LengthDelimited) name = readRange(reader);
      else if (field === 2 && type === WireType.LengthDelimited) version = readRange(reader);
      else reader.skip(type, field);
    }
  } catch (cause) {
    throw badEntry(cause);
  }
  if (reader.pos !== end) throw badEntry();
  return { name, version };
}

/** Whether its end is where it may be is for the caller to see. */
function readRange(reader: BinaryReader): TextRange {
  const length = reader.uint32();
  const start = reader.pos;
  reader.pos += length;
  return { start, end: reader.pos };
}

const NO_TEXT: TextRange = { start: 0, end: 0 };

function tooMuch(problem: string): WireError {
  return new WireError({ code: 'ERR_WIRE_INVALID_REQUEST', blame: 'downstream', message: problem });
}

function badEntry(cause?: unknown): WireError {
  return new WireError({
    code: 'ERR_WIRE_DECODE',
    blame: 'downstream',
    message:
      'expected names and versions in initial_resource_versions of envoy.service.discovery.v3.DeltaDiscoveryRequest, got an entry that is none',
    cause,
  });
}

/** A view of the same memory, as gRPC wants it. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function decodeNode(node: Node): XdsNode {
  const metadata: Record<string, string> = {};
  const fields: JsonObject = node.metadata ?? {};
  // Of a stock proxy's metadata only plain text is of use; lists and objects are passed over.
  for (const [key, value] of Object.entries(fields)) if (typeof value === 'string') metadata[key] = value;
  return { id: node.id, metadata };
}
