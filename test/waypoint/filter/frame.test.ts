import fc from 'fast-check';
import { test } from 'tap';
import {
  encodeFrame,
  type Frame,
  FrameDecoder,
  FrameError,
  type FrameType,
} from '../../../src/waypoint/filter/protocol/frame.ts';

const types: readonly FrameType[] = [
  'load',
  'call',
  'ping',
  'hello',
  'ready',
  'broken',
  'result',
  'failed',
  'log',
];
const frames: fc.Arbitrary<Frame> = fc.record({
  type: fc.constantFrom(...types),
  id: fc.integer({ min: 0, max: 0xffff_ffff }),
  head: fc.oneof(
    fc.constant(undefined),
    fc.json().map((text) => JSON.parse(text) as unknown),
  ),
  body: fc.uint8Array({ maxLength: 200 }),
});

function decodeAll(chunks: readonly Uint8Array[], maximumBytes = 1_000_000): readonly Frame[] {
  const decoder = new FrameDecoder(maximumBytes);
  return chunks
    .flatMap((chunk) => [...decoder.push(chunk)])
    .map((frame) => ({ ...frame, body: frame.body.slice() }));
}

function asData(frame: Frame): unknown {
  return { ...frame, body: [...frame.body] };
}

test('frames come through however their bytes are cut', async (t) => {
  fc.assert(
    fc.property(
      fc.array(frames, { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 50 })),
      (list, cuts) => {
        const bytes = Buffer.concat(list.map(encodeFrame));
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          chunks.push(bytes.subarray(at, at + cut));
          at += cut;
        }
        const decoded = decodeAll(chunks);
        // JSON has no -0.
        if (JSON.stringify(decoded.map(asData)) !== JSON.stringify(list.map(asData)))
          throw new Error('not the same');
      },
    ),
  );
  t.pass();
});

test('what is cut off is no frame, and nothing but a FrameError comes of bytes that are none', async (t) => {
  const bytes = encodeFrame({ type: 'call', id: 7, head: { a: 1 }, body: Buffer.from('body') });
  for (let length = 0; length < bytes.length; length++) t.same(decodeAll([bytes.subarray(0, length)]), []);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (random) => {
      try {
        decodeAll([random], 1_000);
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a frame longer than allowed is refused by its length, before it has come', async (t) => {
  const bytes = encodeFrame({ type: 'result', id: 1, head: undefined, body: Buffer.alloc(1_000) });
  t.throws(() => decodeAll([bytes.subarray(0, 8)], 500), /expected a frame of 13 to 500 bytes, got 1013/);
  t.equal(decodeAll([bytes], 1_013).length, 1);
});
