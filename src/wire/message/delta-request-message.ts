import { create, type JsonObject, toBinary } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { DeltaRequest, XdsNode } from '../../xds/index.ts';
import { decodeMessage } from '../codec/resource-codec.ts';
import { type Node, NodeSchema } from '../generated/core_pb.js';
import { DeltaDiscoveryRequestSchema } from '../generated/discovery_pb.js';
import { StatusSchema } from '../generated/status_pb.js';

/** `google.rpc.Code`: what refused resources are called by every discovery client. */
const INVALID_ARGUMENT = 3;
/** The number of `initial_resource_versions` in proto/discovery.proto; a test holds the two equal. */
const INITIAL_VERSIONS = 5;

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

/** Throws WireError ERR_WIRE_DECODE. */
export function decodeDeltaRequest(bytes: Uint8Array): DeltaRequest {
  const { rest, initialVersions } = takeInitialVersions(bytes);
  const message = decodeMessage(DeltaDiscoveryRequestSchema, rest);
  const { errorDetail } = message;
  return {
    node: message.node && decodeNode(message.node),
    typeUrl: message.typeUrl,
    subscribe: message.resourceNamesSubscribe,
    unsubscribe: message.resourceNamesUnsubscribe,
    initialVersions,
    responseNonce: message.responseNonce,
    rejection: errorDetail && (errorDetail.message || `code ${errorDetail.code}`),
  };
}

/**
 * What a proxy still holds, by hand: after a restart of the controller each one names the whole mesh, all at once. Entries of
 * the map (field 5) are read into a Map as they come, and the other fields are left for the generated code.
 */
function takeInitialVersions(bytes: Uint8Array): {
  readonly rest: Uint8Array;
  readonly initialVersions: ReadonlyMap<string, string>;
} {
  const initialVersions = new Map<string, string>();
  const rest: Uint8Array[] = [];
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const start = reader.pos;
      const [field, type] = reader.tag();
      if (field === INITIAL_VERSIONS && type === WireType.LengthDelimited) {
        const [name, version] = readEntry(reader, reader.uint32());
        initialVersions.set(name, version);
        continue;
      }
      reader.skip(type, field);
      rest.push(bytes.subarray(start, reader.pos));
    }
  } catch {
    // The generated code finds the same fault, and says what was expected.
    return { rest: bytes, initialVersions: new Map() };
  }
  return { rest: initialVersions.size === 0 ? bytes : Buffer.concat(rest), initialVersions };
}

/** An entry of a map: the key is field 1, the value field 2, and either may be missing. */
function readEntry(reader: BinaryReader, length: number): readonly [string, string] {
  const end = reader.pos + length;
  let key = '';
  let value = '';
  while (reader.pos < end) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.LengthDelimited) key = reader.string();
    else if (field === 2 && type === WireType.LengthDelimited) value = reader.string();
    else reader.skip(type, field);
  }
  return [key, value];
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
