import { ErrorCode } from './error-code.ts';
import { protocolFault } from './fault.ts';
import { encodeFrame, FrameFlag, type FrameHead, FrameType } from './frame-head.ts';
import { stripPadding } from './padding.ts';

/** HEADERS with its CONTINUATIONs: `block` is complete once the decoder gives it out. */
export interface HeadersFrame {
  readonly type: 'headers';
  readonly streamId: number;
  readonly endStream: boolean;
  readonly endHeaders: boolean;
  readonly block: Buffer;
}

/** More of the header block before it (RFC 9113 §6.10). */
export interface ContinuationFrame {
  readonly type: 'continuation';
  readonly streamId: number;
  readonly endHeaders: boolean;
  readonly block: Buffer;
}

/** RFC 9113 §6.3: a 31-bit stream with a flag, and a weight. */
const PRIORITY_BYTES = 5;

/** RFC 9113 §6.2, without padding and without the deprecated priority. Throws the fault that ends the connection. */
export function decodeHeaders(head: FrameHead, payload: Buffer): HeadersFrame {
  if (head.streamId === 0) throw protocolFault(ErrorCode.PROTOCOL_ERROR, 'HEADERS without a stream');
  let block = stripPadding(head, payload);
  if ((head.flags & FrameFlag.PRIORITY) !== 0) {
    if (block.length < PRIORITY_BYTES)
      throw protocolFault(ErrorCode.FRAME_SIZE_ERROR, 'HEADERS too short for its priority');
    block = block.subarray(PRIORITY_BYTES);
  }
  return {
    type: 'headers',
    streamId: head.streamId,
    endStream: (head.flags & FrameFlag.END_STREAM) !== 0,
    endHeaders: (head.flags & FrameFlag.END_HEADERS) !== 0,
    block,
  };
}

/** RFC 9113 §6.10; that it follows its HEADERS is the decoder's to check. Throws the fault that ends the connection. */
export function decodeContinuation(head: FrameHead, payload: Buffer): ContinuationFrame {
  if (head.streamId === 0) throw protocolFault(ErrorCode.PROTOCOL_ERROR, 'CONTINUATION without a stream');
  return {
    type: 'continuation',
    streamId: head.streamId,
    endHeaders: (head.flags & FrameFlag.END_HEADERS) !== 0,
    block: payload,
  };
}

/** Cuts a block that is longer than the peer's frames into HEADERS and CONTINUATIONs (RFC 9113 §6.10). */
export function encodeHeaders(frame: {
  readonly streamId: number;
  readonly block: Buffer;
  readonly endStream: boolean;
  readonly maxFrameBytes: number;
}): Buffer {
  const { streamId, block, maxFrameBytes } = frame;
  const endStream = frame.endStream ? FrameFlag.END_STREAM : 0;
  if (block.length <= maxFrameBytes) {
    return encodeFrame(
      { type: FrameType.HEADERS, flags: FrameFlag.END_HEADERS | endStream, streamId },
      block,
    );
  }
  const frames: Buffer[] = [];
  for (let offset = 0; offset < block.length; offset += maxFrameBytes) {
    const piece = block.subarray(offset, offset + maxFrameBytes);
    const first = offset === 0;
    const last = offset + maxFrameBytes >= block.length;
    const type = first ? FrameType.HEADERS : FrameType.CONTINUATION;
    const flags = (first ? endStream : 0) | (last ? FrameFlag.END_HEADERS : 0);
    frames.push(encodeFrame({ type, flags, streamId }, piece));
  }
  return Buffer.concat(frames);
}
