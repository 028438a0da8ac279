import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';

/**
 * The messages of the two suites' echo services, as far as they are used. They are no part of the mesh's wire, and so
 * small that generated code for them would be most of this folder.
 */

/** What `GrpcEcho` of the Gateway API suite saw. */
export interface GatewayEcho {
  readonly method: string;
  readonly headers: readonly (readonly [key: string, value: string])[];
  readonly authority: string;
  readonly namespace: string;
  readonly ingress: string;
  readonly service: string;
  readonly pod: string;
}

/** EchoResponse { Assertions assertions = 1 }. */
export function encodeGatewayEcho(echo: GatewayEcho): Buffer {
  const writer = new BinaryWriter();
  writer.uint32(TAG(1)).fork();
  writer.uint32(TAG(1)).string(echo.method);
  for (const [key, value] of echo.headers) {
    writer.uint32(TAG(2)).fork();
    writer.uint32(TAG(1)).string(key).uint32(TAG(2)).string(value);
    writer.join();
  }
  writer.uint32(TAG(3)).string(echo.authority);
  writer.uint32(TAG(4)).fork();
  for (const [index, text] of [echo.namespace, echo.ingress, echo.service, echo.pod].entries())
    writer.uint32(TAG(index + 1)).string(text);
  writer.join();
  writer.join();
  return Buffer.from(writer.finish());
}

/** Fields that are not there are empty. */
export function decodeGatewayEcho(bytes: Uint8Array): GatewayEcho {
  const [assertions = new Uint8Array()] = fieldsOf(bytes).get(1) ?? [];
  const fields = fieldsOf(assertions);
  const [context = new Uint8Array()] = fields.get(4) ?? [];
  const about = fieldsOf(context);
  return {
    method: text(fields, 1),
    headers: (fields.get(2) ?? []).map((header) => [text(fieldsOf(header), 1), text(fieldsOf(header), 2)]),
    authority: text(fields, 3),
    namespace: text(about, 1),
    ingress: text(about, 2),
    service: text(about, 3),
    pod: text(about, 4),
  };
}

/** EchoRequest and EchoResponse of Istio's `proto.EchoTestService`: { string message = 1 }. */
export function encodeText(message: string): Buffer {
  return Buffer.from(new BinaryWriter().uint32(TAG(1)).string(message).finish());
}

/** Empty where there is no message. */
export function decodeText(bytes: Uint8Array): string {
  return text(fieldsOf(bytes), 1);
}

/** Of a field of wire type LEN, which all of them are. */
const TAG = (field: number): number => (field << 3) | 2;

function fieldsOf(bytes: Uint8Array): ReadonlyMap<number, readonly Uint8Array[]> {
  const fields = new Map<number, Uint8Array[]>();
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === 2) fields.set(field, [...(fields.get(field) ?? []), reader.bytes()]);
    else reader.skip(type, field);
  }
  return fields;
}

function text(fields: ReadonlyMap<number, readonly Uint8Array[]>, field: number): string {
  return Buffer.from(fields.get(field)?.at(-1) ?? []).toString('utf8');
}
