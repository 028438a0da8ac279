import { ErrorCode } from './error-code.ts';
import { protocolFault } from './fault.ts';
import { encodeFrame, type FrameHead, FrameType } from './frame-head.ts';

/** RFC 9113 §6.4: the stream is over in both directions. */
export interface ResetFrame {
  readonly type: 'reset';
  readonly streamId: number;
  readonly errorCode: number;
}

/** RFC 9113 §6.9: so many more bytes of DATA may be sent. */
export interface WindowUpdateFrame {
  readonly type: 'window-update';
  /** 0 is the connection. */
  readonly streamId: number;
  readonly increment: number;
}

/** Deprecated by RFC 9113 §5.3; checked and passed over. */
export interface PriorityFrame {
  readonly type: 'priority';
  readonly streamId: number;
}

const RESET_BYTES = 4;
const WINDOW_UPDATE_BYTES = 4;
const PRIORITY_BYTES = 5;

/** RFC 9113 §6.4. Throws the fault that ends the connection. */
export function decodeReset(head: FrameHead, payload: Buffer): ResetFrame {
  requireStream(head, 'RST_STREAM');
  requireLength('RST_STREAM', payload, RESET_BYTES);
  return { type: 'reset', streamId: head.streamId, errorCode: payload.readUInt32BE(0) };
}

/** One of `ErrorCode` (RFC 9113 §7). */
export function encodeReset(streamId: number, errorCode: number): Buffer {
  return encodeFrame({ type: FrameType.RST_STREAM, flags: 0, streamId }, word(errorCode));
}

/** RFC 9113 §6.9. Throws the fault that ends the connection. */
export function decodeWindowUpdate(head: FrameHead, payload: Buffer): WindowUpdateFrame {
  requireLength('WINDOW_UPDATE', payload, WINDOW_UPDATE_BYTES);
  const increment = payload.readUInt32BE(0) & 0x7fff_ffff;
  // RFC 9113 §6.9 wants a stream error for a stream; §5.4.2 lets us end the session, as nghttp2 does.
  if (increment === 0) throw protocolFault(ErrorCode.PROTOCOL_ERROR, 'WINDOW_UPDATE of 0');
  return { type: 'window-update', streamId: head.streamId, increment };
}

/** `increment` is 1 to 2^31-1; `streamId` 0 is the connection. */
export function encodeWindowUpdate(streamId: number, increment: number): Buffer {
  return encodeFrame({ type: FrameType.WINDOW_UPDATE, flags: 0, streamId }, word(increment));
}

/** RFC 9113 §6.3: only its length is looked at. Throws the fault that ends the connection. */
export function decodePriority(head: FrameHead, payload: Buffer): PriorityFrame {
  requireStream(head, 'PRIORITY');
  requireLength('PRIORITY', payload, PRIORITY_BYTES);
  return { type: 'priority', streamId: head.streamId };
}

/** Push is off on both sides: whatever is inside, it ends the session (RFC 9113 §8.4). */
export function decodePushPromise(): never {
  throw protocolFault(ErrorCode.PROTOCOL_ERROR, 'PUSH_PROMISE, with push off');
}

function requireStream(head: FrameHead, name: string): void {
  if (head.streamId === 0) throw protocolFault(ErrorCode.PROTOCOL_ERROR, `${name} without a stream`);
}

function requireLength(name: string, payload: Buffer, expected: number): void {
  if (payload.length !== expected)
    throw protocolFault(ErrorCode.FRAME_SIZE_ERROR, `${name} of ${payload.length} octets, not ${expected}`);
}

function word(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}
