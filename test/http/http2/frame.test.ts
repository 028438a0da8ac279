import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'tap';
import {
  encodeGoAway,
  encodeHeaders,
  encodePing,
  encodeReset,
  encodeSettings,
  encodeWindowUpdate,
  type Frame,
  FrameDecoder,
  readFrameHead,
} from '../../../src/http/http2/frame/index.ts';
import { conformancePath, needsConformanceData } from '../../support/conformance.ts';
import { data, faultCode, frame } from './support/scripted-peer.ts';

interface Case {
  readonly error: readonly number[] | null;
  readonly wire: string;
  readonly description: string;
  readonly frame: {
    readonly frame_payload: Record<string, unknown>;
    readonly stream_identifier: number;
  } | null;
}

/** Decodes, and writes down what was seen, DATA joined. */
function decode(chunks: readonly Buffer[], maxFrameBytes = 16_384): unknown[] {
  const seen: unknown[] = [];
  let body = Buffer.alloc(0);
  const decoder = new FrameDecoder(
    {
      onDataHead: (streamId, length) => {
        body = Buffer.alloc(0);
        seen.push({ type: 'data-head', streamId, length });
      },
      onData: (_streamId, bytes) => {
        body = Buffer.concat([body, bytes]);
      },
      onDataEnd: (streamId, endStream) =>
        seen.push({ type: 'data', streamId, endStream, body: body.toString() }),
      onFrame: (read: Frame) =>
        seen.push(read.type === 'headers' ? { ...read, block: String(read.block) } : read),
    },
    { maxFrameBytes, maxBlockBytes: 65_536 },
  );
  for (const chunk of chunks) decoder.decode(chunk);
  return seen;
}

test(
  'frames of the conformance data are read, or refused with a code that fits',
  needsConformanceData(),
  async (t) => {
    const root = conformancePath('http2/frame-test-case');
    for (const folder of readdirSync(root)) {
      for (const name of readdirSync(`${root}/${folder}`)) {
        const entry = JSON.parse(readFileSync(`${root}/${folder}/${name}`, 'utf8')) as Case;
        const wire = Buffer.from(entry.wire, 'hex');
        let code: number | undefined;
        let seen: unknown[] = [];
        try {
          seen = decode([wire]);
        } catch (error) {
          code = (error as { http2Code?: number }).http2Code;
        }
        if (entry.error !== null) {
          t.ok(entry.error.includes(code ?? -1), `${folder}/${name}: ${entry.description} (${code})`);
        } else if (folder === 'continuation' || folder === 'push_promise') {
          // Legal by themselves, but never alone, and never with push off.
          t.equal(code, 1, `${folder}/${name}`);
        } else {
          const payload = entry.frame?.frame_payload ?? {};
          const facts = {
            body: payload.data,
            errorCode: payload.error_code,
            increment: payload.window_size_increment,
            entries: payload.settings,
            lastStreamId: payload.last_stream_id,
            debug: payload.additional_debug_data,
            payload: payload.opaque_data === undefined ? undefined : Buffer.from(String(payload.opaque_data)),
          };
          const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
          t.match(
            seen.at(-1) ?? (entry.frame?.frame_payload.header_block_fragment && {}),
            known,
            `${folder}/${name}`,
          );
        }
      }
    }
  },
);

const SAMPLES: Record<string, Buffer> = {
  data: data(1, 20, true),
  'padded data': frame(0, 1, '0348656c6c6f000000', 0x8),
  'data that is padding only': frame(0, 1, '020000', 0x8),
  'empty data': data(3, 0),
  headers: frame(1, 1, '828684', 0x5),
  'headers with padding and priority': frame(1, 1, '01000000050a8286ff', 0x2c),
  'headers with continuations': Buffer.concat([
    frame(1, 1, '82', 0x1),
    frame(9, 1, '86'),
    frame(9, 1, ''),
    frame(9, 1, '84', 0x4),
  ]),
  priority: frame(2, 5, '0000000000'),
  reset: encodeReset(5, 8),
  settings: encodeSettings([
    [1, 0],
    [4, 77],
    [99, 5],
  ]),
  ping: encodePing(Buffer.from('12345678'), false),
  goaway: encodeGoAway(7, 11, 'calm'),
  'window update': encodeWindowUpdate(3, 1000),
  'unknown type': frame(0xfa, 9, 'abcdef'),
  'unknown empty type': frame(0xfa, 9, ''),
};

test('every cut of every frame gives the same frames', async (t) => {
  for (const [name, wire] of Object.entries(SAMPLES)) {
    // A PING behind shows that the decoder stands where it should.
    const bytes = Buffer.concat([wire, encodePing(Buffer.alloc(8), true)]);
    const whole = decode([bytes]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      t.strictSame(decode([bytes.subarray(0, cut), bytes.subarray(cut)]), whole, `${name} cut at ${cut}`);
    }
    t.strictSame(decode([...bytes].map((byte) => Buffer.of(byte))), whole, `${name} octet by octet`);
  }
});

test('a frame that is not complete is not given out', async (t) => {
  for (const [name, wire] of Object.entries(SAMPLES)) {
    const complete = decode([wire]).length;
    if (name.startsWith('unknown')) continue;
    t.ok(decode([wire.subarray(0, wire.length - 1)]).length < complete, name);
  }
});

test('a frame larger than announced is refused by its head alone', async (t) => {
  for (const type of [0, 1, 6, 0xfa])
    t.equal(
      faultCode(() => decode([frame(type, 1, Buffer.alloc(16_385)).subarray(0, 9)])),
      6,
    );
});

test('nothing may stand inside a header block, nor a CONTINUATION outside', async (t) => {
  const open = frame(1, 1, '82');
  for (const intruder of [data(1, 1), frame(9, 3, '86', 4), frame(1, 1, '86', 4), frame(0xfa, 0, '')])
    t.equal(
      faultCode(() => decode([open, intruder])),
      1,
    );
  t.equal(
    faultCode(() => decode([frame(9, 1, '82', 4)])),
    1,
  );
});

test('a header block without end is a flood, by size and by number', async (t) => {
  const piece = frame(9, 1, Buffer.alloc(16_000));
  t.equal(
    faultCode(() => decode([frame(1, 1, '82'), piece, piece, piece, piece, piece])),
    11,
  );
  const empties = Array.from({ length: 100 }, () => frame(9, 1, ''));
  t.equal(
    faultCode(() => decode([frame(1, 1, '82'), ...empties])),
    11,
  );
  t.equal(
    faultCode(() => decode([frame(4, 0, Buffer.alloc(66_000))], 1 << 20)),
    11,
  );
});

test('settings out of range are refused with their codes', async (t) => {
  t.equal(
    faultCode(() => decode([encodeSettings([[2, 2]])])),
    1,
  );
  t.equal(
    faultCode(() => decode([encodeSettings([[4, 0x8000_0000]])])),
    3,
  );
  t.equal(
    faultCode(() => decode([encodeSettings([[5, 16_383]])])),
    1,
  );
  t.equal(
    faultCode(() => decode([encodeSettings([[5, 0x100_0000]])])),
    1,
  );
});

test('a long block is written as HEADERS and CONTINUATIONs', async (t) => {
  const block = Buffer.alloc(40_000, 'x');
  const wire = encodeHeaders({ streamId: 1, block, endStream: true, maxFrameBytes: 16_384 });
  t.match(readFrameHead(wire, 0), { type: 1, flags: 1, length: 16_384 });
  t.match(decode([wire]), [{ type: 'headers', endStream: true, block: String(block) }]);
});
