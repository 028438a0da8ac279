import { type BufferAccount, createBufferBudget } from '../../../../src/base/index.ts';
import { HttpError } from '../../../../src/http/index.ts';
import type { Http2Config } from '../../../../src/http/http2/config.ts';
import { Http2Connection } from '../../../../src/http/http2/connection/http2-connection.ts';
import type { Http2Stream, StreamSink } from '../../../../src/http/http2/connection/http2-stream.ts';
import {
  CLIENT_PREFACE,
  encodeFrame,
  encodeSettings,
  FRAME_HEAD_BYTES,
  FrameFlag,
  type FrameHead,
  FrameType,
  readFrameHead,
  SETTINGS_ACK,
} from '../../../../src/http/http2/frame/index.ts';
import { createHpackEncoder, type HeaderField } from '../../../../src/http/http2/hpack/index.ts';

export interface WireFrame extends FrameHead {
  readonly payload: Buffer;
}

export interface RecordingSink extends StreamSink {
  readonly events: string[];
  error: HttpError | undefined;
  /** Bytes that the pretended reader has not taken. */
  unread: number;
  /** When set, nothing is read. */
  stalled: boolean;
}

/** A connection under test, and this file as its peer: frames in, frames out, no socket, no time but ours. */
export interface Dialogue {
  readonly connection: Http2Connection;
  readonly requests: {
    readonly stream: Http2Stream;
    readonly fields: readonly HeaderField[];
    sink: RecordingSink;
  }[];
  readonly clock: { nowMs: number };
  send(...frames: Buffer[]): void;
  /** What the connection sent since the last call. */
  sent(limitBytes?: number): WireFrame[];
  headers(streamId: number, fields: readonly HeaderField[], flags?: number): Buffer;
  connect(streamId: number): Buffer;
}

export interface DialogueOptions {
  readonly role: 'client' | 'server';
  readonly config?: Partial<Http2Config>;
  readonly account?: BufferAccount;
  /** Default true: SETTINGS are exchanged and the opening frames are forgotten. */
  readonly greeted?: boolean;
}

export function openDialogue(options: DialogueOptions): Dialogue {
  const requests: Dialogue['requests'] = [];
  const encoder = createHpackEncoder();
  const clock = { nowMs: 0 };
  const connection = new Http2Connection({
    role: options.role,
    config: { ...CONFIG, ...options.config },
    account: options.account ?? createBufferBudget().account(),
    now: () => clock.nowMs,
    events: {
      onOutput: () => undefined,
      onRequest: (stream, fields) => {
        const sink = recordingSink();
        stream.sink = sink;
        requests.push({ stream, fields, sink });
      },
      onChange: () => undefined,
      onPingAck: () => undefined,
    },
  });
  const dialogue: Dialogue = {
    connection,
    requests,
    clock,
    send: (...frames) => {
      for (const frame of frames) connection.receive(frame);
    },
    sent(limitBytes = Number.MAX_SAFE_INTEGER) {
      connection.pump(limitBytes);
      const bytes = Buffer.concat(connection.output.take().buffers);
      return framesOf(bytes.indexOf(CLIENT_PREFACE) === 0 ? bytes.subarray(CLIENT_PREFACE.length) : bytes);
    },
    headers: (streamId, fields, flags = FrameFlag.END_HEADERS) =>
      frame(FrameType.HEADERS, streamId, encoder.encode(fields), flags),
    connect(streamId) {
      return this.headers(streamId, [
        [':method', 'CONNECT'],
        [':authority', '10.0.0.1:80'],
      ]);
    },
  };
  if (options.greeted ?? true) {
    if (options.role === 'server') dialogue.send(CLIENT_PREFACE);
    dialogue.send(encodeSettings([]), SETTINGS_ACK);
    dialogue.sent();
  }
  return dialogue;
}

export function recordingSink(): RecordingSink {
  const events: string[] = [];
  return {
    events,
    error: undefined,
    unread: 0,
    stalled: false,
    onResponse: (fields, endStream) => events.push(`response ${fields[0]?.[1]}${endStream ? ' end' : ''}`),
    onData(bytes) {
      events.push(`data ${bytes.length}`);
      if (this.stalled) this.unread += bytes.length;
      return this.unread;
    },
    onEnd: () => events.push('end'),
    onCut(error) {
      events.push(`cut ${error.code}`);
      this.error = error;
    },
    onUnwanted: () => events.push('unwanted'),
  };
}

export function frame(type: number, streamId: number, payload: Buffer | string, flags = 0): Buffer {
  return encodeFrame(
    { type, flags, streamId },
    typeof payload === 'string' ? Buffer.from(payload, 'hex') : payload,
  );
}

export function data(streamId: number, length: number, endStream = false): Buffer {
  return frame(FrameType.DATA, streamId, Buffer.alloc(length), endStream ? FrameFlag.END_STREAM : 0);
}

export function framesOf(bytes: Buffer): WireFrame[] {
  const frames: WireFrame[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const head = readFrameHead(bytes, offset);
    const start = offset + FRAME_HEAD_BYTES;
    frames.push({ ...head, payload: bytes.subarray(start, start + head.length) });
    offset = start + head.length;
  }
  return frames;
}

/** The RFC 9113 §7 code with which `work` fails; undefined when it does not, or not for a breach of protocol. */
export function faultCode(work: () => unknown): number | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof HttpError) return error.http2Code;
    throw error;
  }
  return undefined;
}

const KIB = 1024;

/** The defaults of tunnels (wire.md §1.3). */
const CONFIG: Http2Config = {
  streamWindowBytes: 4096 * KIB,
  connectionWindowBytes: 16 * 1024 * KIB,
  pressedStreamWindowBytes: 64 * KIB,
  maxFrameBytes: 1024 * KIB,
  maxConcurrentStreams: 200,
  initialMaxSendStreams: 100,
  headerListBytes: 64 * KIB,
  keepAliveIntervalMs: 10_000,
  keepAliveTimeoutMs: 20_000,
  settingsTimeoutMs: 20_000,
};
