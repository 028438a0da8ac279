import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { AddressSchema } from '../generated/core_pb.js';
import {
  type AttributeContext_HttpRequestSchema,
  type AttributeContext_PeerSchema,
  CheckRequestSchema,
} from '../generated/external_authorization_pb.js';
import { asBuffer } from './delta-request-message.ts';

/** What an authorizer is asked: whether this request, or this connection, may go on. */
export interface CheckRequest {
  readonly source: CheckedPeer;
  readonly destination: CheckedPeer;
  /** The name in the TLS ClientHello; empty: none. */
  readonly sni: string;
  /** Milliseconds since 1970. */
  readonly receivedMs: number;
  /** Undefined: the question is about a connection. */
  readonly http: CheckedHttp | undefined;
}

/** One end of the connection that is judged. */
export interface CheckedPeer {
  readonly address: string;
  readonly port: number;
  /** The SPIFFE ID that it proved; empty: none. */
  readonly principal: string;
}

/** The request that is judged; a connection has none. */
export interface CheckedHttp {
  readonly id: string;
  readonly method: string;
  readonly scheme: string;
  readonly host: string;
  /** With the query. */
  readonly path: string;
  /** `HTTP/1.1`, `HTTP/2`. */
  readonly protocol: string;
  /** Names in lower case, pseudo-headers among them; values as Unicode text. */
  readonly headers: ReadonlyMap<string, string>;
  /** Of the body, in bytes; undefined: unknown. */
  readonly sizeBytes: number | undefined;
  /** Undefined: the authorizer is not to see it. */
  readonly body: { readonly bytes: Uint8Array; readonly asBytes: boolean } | undefined;
}

/** `envoy.service.auth.v3.CheckRequest`. */
export function encodeCheckRequest({ source, destination, sni, receivedMs, http }: CheckRequest): Buffer {
  const message = create(CheckRequestSchema, {
    attributes: {
      source: peerMessage(source),
      destination: peerMessage(destination),
      request: { time: timestampFromMs(receivedMs), ...(http && { http: httpMessage(http) }) },
      ...(sni !== '' && { tlsSession: { sni } }),
    },
  });
  return asBuffer(toBinary(CheckRequestSchema, message));
}

function peerMessage({
  address,
  port,
  principal,
}: CheckedPeer): MessageInitShape<typeof AttributeContext_PeerSchema> {
  const socketAddress = { address, portSpecifier: { case: 'portValue', value: port } as const };
  const message: MessageInitShape<typeof AddressSchema> = {
    address: { case: 'socketAddress', value: socketAddress },
  };
  return { address: message, principal };
}

function httpMessage(http: CheckedHttp): MessageInitShape<typeof AttributeContext_HttpRequestSchema> {
  const { id, method, scheme, host, path, protocol, headers, sizeBytes, body } = http;
  return {
    id,
    method,
    scheme,
    host,
    path,
    protocol,
    headers: Object.fromEntries(headers),
    size: BigInt(sizeBytes ?? -1),
    ...(body?.asBytes === true && { rawBody: body.bytes }),
    // Text in protobuf is UTF-8; what of a body is not is replaced.
    ...(body?.asBytes === false && { body: Buffer.from(body.bytes).toString('utf8') }),
  };
}
