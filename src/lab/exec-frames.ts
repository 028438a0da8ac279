/** The byte stream of `exec` after the HTTP upgrade: frames of a kind, a length and content. */
export const FRAME_KINDS = { stdin: 0, stdout: 1, stderr: 2, exit: 3, stdinEnd: 4 } as const;

/** A number in FRAME_KINDS. */
export type FrameKind = (typeof FRAME_KINDS)[keyof typeof FRAME_KINDS];

/** One frame; `kind` as it came, known or not. */
export interface Frame {
  readonly kind: number;
  readonly content: Buffer;
}

const KIND_OFFSET = 0;
const LENGTH_OFFSET = 1;
const HEADER_BYTES = 5;

/** Kind (1 byte), length (4, network order), content. */
export function encodeFrame(kind: FrameKind, content: Uint8Array = new Uint8Array()): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + content.length);
  frame.writeUInt8(kind, KIND_OFFSET);
  frame.writeUInt32BE(content.length, LENGTH_OFFSET);
  frame.set(content, HEADER_BYTES);
  return frame;
}

/** Takes bytes as they come. */
export interface FrameDecoder {
  /** The frames that are complete with this chunk; the rest is kept for the next. */
  push(chunk: Buffer): readonly Frame[];
}

/** For one stream. Both ends are ours: lengths are believed. */
export function createFrameDecoder(): FrameDecoder {
  let pending: Buffer = Buffer.alloc(0);
  return {
    push(chunk) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const frames: Frame[] = [];
      while (pending.length >= HEADER_BYTES) {
        const end = HEADER_BYTES + pending.readUInt32BE(LENGTH_OFFSET);
        if (pending.length < end) break;
        frames.push({ kind: pending.readUInt8(KIND_OFFSET), content: pending.subarray(HEADER_BYTES, end) });
        pending = pending.subarray(end);
      }
      return frames;
    },
  };
}
