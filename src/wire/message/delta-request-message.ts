import { create, type JsonObject, toBinary } from '@bufbuild/protobuf';
import type { DeltaRequest, XdsNode } from '../../xds/index.ts';
import { decodeMessage } from '../codec/resource-codec.ts';
import { type Node, NodeSchema } from '../generated/core_pb.js';
import { DeltaDiscoveryRequestSchema } from '../generated/discovery_pb.js';
import { StatusSchema } from '../generated/status_pb.js';

/** `google.rpc.Code`: what refused resources are called by every discovery client. */
const INVALID_ARGUMENT = 3;

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
  const message = decodeMessage(DeltaDiscoveryRequestSchema, bytes);
  const { errorDetail } = message;
  return {
    node: message.node && decodeNode(message.node),
    typeUrl: message.typeUrl,
    subscribe: message.resourceNamesSubscribe,
    unsubscribe: message.resourceNamesUnsubscribe,
    initialVersions: new Map(Object.entries(message.initialResourceVersions)),
    responseNonce: message.responseNonce,
    rejection: errorDetail && (errorDetail.message || `code ${errorDetail.code}`),
  };
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
