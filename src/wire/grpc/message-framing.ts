import { WireError } from '../errors.ts';

/** gRPC over HTTP/2, Length-Prefixed-Message: one message, not compressed, which is these parts laid end to end. */
export function frameMessage(parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(MESSAGE_HEAD_BYTES);
  head.writeUInt32BE(
    parts.reduce((sum, part) => sum + part.length, 0),
    1,
  );
  return Buffer.concat([head, ...parts]);
}

/** The one message of a unary answer. Throws ERR_WIRE_DECODE. */
export function unframeMessage(body: Buffer): Buffer {
  if (body.length < MESSAGE_HEAD_BYTES) throw undecodable(`got ${body.length} bytes`);
  if (body.readUInt8(0) !== 0) throw undecodable('got one that is compressed');
  const length = body.readUInt32BE(1);
  if (body.length !== MESSAGE_HEAD_BYTES + length)
    throw undecodable(`got ${body.length - MESSAGE_HEAD_BYTES} bytes where ${length} were announced`);
  return body.subarray(MESSAGE_HEAD_BYTES);
}

function undecodable(problem: string): WireError {
  return new WireError({
    code: 'ERR_WIRE_DECODE',
    blame: 'upstream',
    message: `expected one gRPC message, ${problem}`,
  });
}

/** A flag, and a length of 32 bits. */
export const MESSAGE_HEAD_BYTES = 5;
