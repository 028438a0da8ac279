import { connect, type Socket } from 'node:net';

/** A header field, each character a byte. */
export type Field = readonly [name: string, value: string];

/** The frames of HTTP/2 written by hand (RFC 9113), for what no client library would send. */
export interface RawHttp2 {
  readonly socket: Socket;
  /** HEADERS; the field block is literal, without Huffman, never indexed. */
  headers(streamId: number, fields: readonly Field[], flags?: number): void;
  frame(type: number, flags: number, streamId: number, payload?: Buffer): void;
  /** Frames of the other side so far, oldest first. */
  readonly frames: readonly RawFrame[];
  /** Resolves when a frame satisfies `test`, or undefined when the connection has ended or the time is up. */
  until(test: (frame: RawFrame) => boolean, timeoutMs?: number): Promise<RawFrame | undefined>;
  readonly ended: boolean;
}

export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;
export const ACK = 1;

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const HEAD_BYTES = 9;

export async function openHttp2(host: string, port: number, settings = Buffer.alloc(0)): Promise<RawHttp2> {
  const socket = connect({ host, port, noDelay: true });
  const frames: RawFrame[] = [];
  let rest = Buffer.alloc(0);
  let ended = false;
  const wakers = new Set<() => void>();
  const wake = (): void => {
    for (const waker of wakers) waker();
  };
  const frame: RawHttp2['frame'] = (type, flags, streamId, payload = Buffer.alloc(0)) => {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUIntBE(payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(streamId, 5);
    if (!socket.destroyed) socket.write(Buffer.concat([head, payload]));
  };
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= HEAD_BYTES && rest.length >= HEAD_BYTES + rest.readUIntBE(0, 3)) {
      const length = rest.readUIntBE(0, 3);
      const [type = 0, flags = 0] = rest.subarray(3, 5);
      const payload = rest.subarray(HEAD_BYTES, HEAD_BYTES + length);
      frames.push({ type, flags, streamId: rest.readUInt32BE(5) & 0x7fffffff, payload });
      rest = rest.subarray(HEAD_BYTES + length);
      if (type === FRAME.SETTINGS && (flags & ACK) === 0) frame(FRAME.SETTINGS, ACK, 0);
    }
    wake();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    ended = true;
    wake();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.write(PREFACE, 'latin1');
  frame(FRAME.SETTINGS, 0, 0, settings);
  return {
    socket,
    frames,
    frame,
    headers: (streamId, fields, flags = END_STREAM | END_HEADERS) =>
      frame(FRAME.HEADERS, flags, streamId, fieldBlock(fields)),
    get ended() {
      return ended;
    },
    until(test, timeoutMs = 5_000) {
      return new Promise((resolve) => {
        const settle = (found: RawFrame | undefined): void => {
          clearTimeout(timer);
          wakers.delete(look);
          resolve(found);
        };
        const look = (): void => {
          const found = frames.find(test);
          if (found !== undefined || ended) settle(found);
        };
        const timer = setTimeout(() => settle(undefined), timeoutMs);
        wakers.add(look);
        look();
      });
    },
  };
}

/** RFC 7541 §6.2.2: literal fields without indexing, names literal, too. */
export function fieldBlock(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));
}

/** §5.2 with an integer of §5.1, prefix 7. */
export function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([integer(bytes.length, 7, 0), bytes]);
}

export function integer(value: number, prefixBits: number, first: number): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.from([first | value]);
  const bytes = [first | most];
  let left = value - most;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) | 128);
  return Buffer.from([...bytes, left]);
}
