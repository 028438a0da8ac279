import { Buffer } from 'node:buffer';

/**
 * What a waypoint and the process of a filter say to each other, over one socket. A frame is
 *
 *     length of all that follows (4) · type (1) · id (4) · length of the head (4) · head (JSON) · body
 *
 * with numbers in network order. This file is loaded by both ends; a filter's has
 * no Buffer among its globals.
 */
export interface Frame {
  readonly type: FrameType;
  /** Of the call that it is about; 0: of none. */
  readonly id: number;
  readonly head: unknown;
  readonly body: Uint8Array;
}

/** What a frame is; messages.ts has the heads that belong to each. */
export type FrameType = keyof typeof TYPES;

const TYPES = {
  /** To the filter. */
  load: 1,
  call: 2,
  ping: 3,
  /** From the filter. */
  hello: 16,
  ready: 17,
  broken: 18,
  began: 19,
  result: 20,
  failed: 21,
  pong: 22,
  log: 23,
} as const;

const LENGTH_BYTES = 4;
const TYPE_OFFSET = 4;
const ID_OFFSET = 5;
const HEAD_LENGTH_OFFSET = 9;
const HEAD_OFFSET = 13;

const NAMES = new Map<number, FrameType>(
  Object.entries(TYPES).map(([name, number]) => [number, name as FrameType]),
);

export const NO_BYTES: Uint8Array = new Uint8Array(0);

/** A frame that is none. Whoever sent it is not to be believed any more. */
export class FrameError extends Error {}

/** One copy of the body: both ends send a frame as one buffer. */
export function encodeFrame({ type, id, head, body }: Frame): Uint8Array {
  const text = Buffer.from(head === undefined ? '' : JSON.stringify(head), 'utf8');
  const bytes = Buffer.allocUnsafe(HEAD_OFFSET + text.length + body.length);
  bytes.writeUInt32BE(bytes.length - LENGTH_BYTES, 0);
  bytes.writeUInt8(TYPES[type], TYPE_OFFSET);
  bytes.writeUInt32BE(id, ID_OFFSET);
  bytes.writeUInt32BE(text.length, HEAD_LENGTH_OFFSET);
  bytes.set(text, HEAD_OFFSET);
  bytes.set(body, HEAD_OFFSET + text.length);
  return bytes;
}

/** Takes bytes as they come and gives the frames that they complete. Throws FrameError. */
export class FrameDecoder {
  readonly #maximumBytes: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #wanted = LENGTH_BYTES;

  constructor(maximumBytes: number) {
    this.#maximumBytes = maximumBytes;
  }

  *push(chunk: Uint8Array): Generator<Frame> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // Bytes are put together only when there are enough of them: a long frame is copied once.
    while (this.#bytes >= this.#wanted) {
      const whole = joined(this.#chunks);
      const length = LENGTH_BYTES + whole.readUInt32BE(0);
      if (length > this.#maximumBytes || length < HEAD_OFFSET)
        throw new FrameError(
          `expected a frame of ${HEAD_OFFSET} to ${this.#maximumBytes} bytes, got ${length}`,
        );
      this.#wanted = length;
      if (whole.length < length) {
        this.#chunks = [whole];
        continue;
      }
      const rest = whole.subarray(length);
      this.#chunks = [rest];
      this.#bytes = rest.length;
      this.#wanted = LENGTH_BYTES;
      yield decodeFrame(whole.subarray(0, length));
    }
  }
}

function joined(chunks: readonly Uint8Array[]): Buffer {
  const [first, ...others] = chunks;
  if (first === undefined || others.length > 0) return Buffer.concat(chunks);
  return Buffer.from(first.buffer, first.byteOffset, first.byteLength);
}

function decodeFrame(bytes: Buffer): Frame {
  const type = NAMES.get(bytes.readUInt8(TYPE_OFFSET));
  const bodyOffset = HEAD_OFFSET + bytes.readUInt32BE(HEAD_LENGTH_OFFSET);
  if (type === undefined) throw new FrameError(`expected a known type, got ${bytes.readUInt8(TYPE_OFFSET)}`);
  if (bodyOffset > bytes.length) throw new FrameError('expected a head within its frame, got a longer one');
  const text = bytes.toString('utf8', HEAD_OFFSET, bodyOffset);
  return {
    type,
    id: bytes.readUInt32BE(ID_OFFSET),
    head: text === '' ? undefined : parseHead(text),
    body: bytes.subarray(bodyOffset),
  };
}

function parseHead(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FrameError(`expected a head of JSON, got ${text.slice(0, 40)}`, { cause: error });
  }
}
