/** RFC 9113 §4.1: length 24 bits, type 8, flags 8, stream 31. */
export const FRAME_HEAD_BYTES = 9;

const TYPE_OFFSET = 3;
const FLAGS_OFFSET = 4;
const STREAM_OFFSET = 5;
const STREAM_MASK = 0x7fff_ffff;

/** RFC 9113 §6. */
export const FrameType = {
  DATA: 0x0,
  HEADERS: 0x1,
  PRIORITY: 0x2,
  RST_STREAM: 0x3,
  SETTINGS: 0x4,
  PUSH_PROMISE: 0x5,
  PING: 0x6,
  GOAWAY: 0x7,
  WINDOW_UPDATE: 0x8,
  CONTINUATION: 0x9,
} as const;

/** Flags mean something only with the types of frame that define them. */
export const FrameFlag = {
  END_STREAM: 0x1,
  ACK: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

/** What stands before the payload of every frame; `length` is the payload's. */
export interface FrameHead {
  readonly length: number;
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
}

/** The caller has checked that nine bytes are there. */
export function readFrameHead(bytes: Buffer, offset: number): FrameHead {
  return {
    length: bytes.readUIntBE(offset, 3),
    type: bytes[offset + TYPE_OFFSET] ?? 0,
    flags: bytes[offset + FLAGS_OFFSET] ?? 0,
    // RFC 9113 §4.1: the reserved bit is ignored.
    streamId: bytes.readUInt32BE(offset + STREAM_OFFSET) & STREAM_MASK,
  };
}

/** The caller has made room for nine bytes at `offset`. */
export function writeFrameHead(bytes: Buffer, offset: number, head: FrameHead): void {
  bytes.writeUIntBE(head.length, offset, 3);
  bytes[offset + TYPE_OFFSET] = head.type;
  bytes[offset + FLAGS_OFFSET] = head.flags;
  bytes.writeUInt32BE(head.streamId, offset + STREAM_OFFSET);
}

/** A whole frame in one buffer; for everything but DATA. */
export function encodeFrame(head: Omit<FrameHead, 'length'>, payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + payload.length);
  writeFrameHead(frame, 0, { ...head, length: payload.length });
  payload.copy(frame, FRAME_HEAD_BYTES);
  return frame;
}
