import { type Duplex, duplexPair } from 'node:stream';
import {
  connectHttp2,
  type HttpClientConnection,
  type HttpError,
  type HttpExchange,
  type HttpOptions,
  type HttpServerConnection,
  resolveHttpConfig,
  type ServeOptions,
  serveHttp2,
} from '../../../../src/http/index.ts';
import {
  CLIENT_PREFACE,
  encodeSettings,
  FrameFlag,
  FrameType,
  SETTINGS_ACK,
} from '../../../../src/http/http2/frame/index.ts';
import {
  createHpackDecoder,
  createHpackEncoder,
  type HeaderField,
} from '../../../../src/http/http2/hpack/index.ts';
import { createFakeClock, type FakeClock } from '../../../support/fake-clock.ts';
import { byteStream, settle } from '../../support/wire.ts';
import { frame, framesOf, type WireFrame } from './scripted-peer.ts';

/** This file as the peer of an end under test: frames in, frames out, on a Duplex, with a clock that stands still. */
export interface FrameWire {
  readonly clock: FakeClock;
  readonly peer: Duplex;
  readonly stream: ReturnType<typeof byteStream>;
  send(...frames: Buffer[]): Promise<void>;
  headers(streamId: number, fields: readonly HeaderField[], endStream?: boolean): Buffer;
  /** Frames since the last call. */
  received(): Promise<WireFrame[]>;
  /** The same, told as text: `HEADERS 1 :status=200 end`, `DATA 1 5`, `RST 1 8`, `GOAWAY 1 0`. SETTINGS, PING and windows are left out. */
  told(): Promise<string[]>;
  readonly ended: boolean;
}

export interface Http2ServerWire extends FrameWire {
  readonly connection: HttpServerConnection;
  readonly exchanges: HttpExchange[];
  readonly refusals: HttpError[];
}

export interface Http2ClientWire extends FrameWire {
  readonly connection: HttpClientConnection;
}

export async function openHttp2ServerWire(
  options: Partial<ServeOptions> & { readonly limits?: HttpOptions; readonly greeted?: boolean } = {},
): Promise<Http2ServerWire> {
  const exchanges: HttpExchange[] = [];
  const refusals: HttpError[] = [];
  const { stream, clock, wire } = openWire();
  const connection = serveHttp2(stream, {
    clock,
    config: resolveHttpConfig(options.limits),
    onExchange: (exchange) => exchanges.push(exchange),
    onRefused: (error) => refusals.push(error),
    ...options,
  });
  if (options.greeted ?? true) {
    await wire.send(CLIENT_PREFACE, encodeSettings([]), SETTINGS_ACK);
    await wire.received();
  }
  return Object.assign(wire, { connection, exchanges, refusals });
}

export async function openHttp2ClientWire(limits?: HttpOptions): Promise<Http2ClientWire> {
  const { stream, clock, wire } = openWire();
  const connection = connectHttp2(stream, { clock, config: resolveHttpConfig(limits) });
  await wire.send(encodeSettings([]), SETTINGS_ACK);
  await wire.received();
  return Object.assign(wire, { connection });
}

function openWire(): { stream: ReturnType<typeof byteStream>; clock: FakeClock; wire: FrameWire } {
  const [a, peer] = duplexPair({ allowHalfOpen: true });
  const stream = byteStream(a);
  const clock = createFakeClock();
  const encoder = createHpackEncoder();
  const decoder = createHpackDecoder({ tableBytes: 4096, maxListBytes: 1 << 20 });
  let chunks: Buffer[] = [];
  let ended = false;
  peer.on('data', (chunk: Buffer) => chunks.push(Buffer.from(chunk)));
  peer.on('end', () => {
    ended = true;
  });
  peer.on('error', () => undefined);
  const wire: FrameWire = {
    clock,
    peer,
    stream,
    async send(...frames) {
      peer.write(Buffer.concat(frames));
      await settle();
    },
    headers: (streamId, fields, endStream = false) =>
      frame(
        FrameType.HEADERS,
        streamId,
        encoder.encode(fields),
        FrameFlag.END_HEADERS | (endStream ? FrameFlag.END_STREAM : 0),
      ),
    async received() {
      await settle();
      const bytes = Buffer.concat(chunks);
      chunks = [];
      return framesOf(bytes.indexOf(CLIENT_PREFACE) === 0 ? bytes.subarray(CLIENT_PREFACE.length) : bytes);
    },
    async told() {
      return (await wire.received()).flatMap((received) => tellOf(received));
    },
    get ended() {
      return ended;
    },
  };
  const tellOf = ({ type, streamId, flags, payload }: WireFrame): string[] => {
    const end = (flags & FrameFlag.END_STREAM) === 0 ? '' : ' end';
    switch (type) {
      case FrameType.HEADERS: {
        const { fields } = decoder.decode(payload);
        return [`HEADERS ${streamId} ${fields.map(([name, value]) => `${name}=${value}`).join(' ')}${end}`];
      }
      case FrameType.DATA:
        return [`DATA ${streamId} ${payload.length}${end}`];
      case FrameType.RST_STREAM:
        return [`RST ${streamId} ${payload.readUInt32BE(0)}`];
      case FrameType.GOAWAY:
        return [`GOAWAY ${payload.readUInt32BE(0)} ${payload.readUInt32BE(4)}`];
      default:
        return [];
    }
  };
  return { stream, clock, wire };
}

/** DATA of one stream as one frame: how it is cut is nobody's business. */
export function joined(told: readonly string[]): string[] {
  const out: string[] = [];
  for (const line of told) {
    const [, id, length, end = ''] = /^DATA (\d+) (\d+)( end)?$/.exec(line) ?? [];
    const [, lastId, lastLength] = /^DATA (\d+) (\d+)$/.exec(out.at(-1) ?? '') ?? [];
    if (id !== undefined && id === lastId)
      out[out.length - 1] = `DATA ${id} ${Number(lastLength) + Number(length)}${end}`;
    else out.push(line);
  }
  return out;
}
