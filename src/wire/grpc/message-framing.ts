import { WireError } from '../errors.ts';

/** gRPC over HTTP/2, Length-Prefixed-Message: one message, not compressed. */
export function frameMessage(message: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The one message of a unary answer. Throws ERR_WIRE_DECODE. */
export function unframeMessage(body: Buffer): Buffer {
  if (body.length < HEAD_BYTES) throw undecodable(`got ${body.length} bytes`);
  if (body.readUInt8(0) !== 0) throw undecodable('got one that is compressed');
  const length = body.readUInt32BE(1);
  if (body.length !== HEAD_BYTES + length)
    throw undecodable(`got ${body.length - HEAD_BYTES} bytes where ${length} were announced`);
  return body.subarray(HEAD_BYTES);
}

function undecodable(problem: string): WireError {
  return new WireError({
    code: 'ERR_WIRE_DECODE',
    blame: 'upstream',
    message: `expected one gRPC message, ${problem}`,
  });
}

const HEAD_BYTES = 5;
