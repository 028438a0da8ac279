import { test } from 'tap';
import { Output } from '../../../src/http/http2/flow/output.ts';

test('what a stream was given is never written again, unless it copies as sockets do', async (t) => {
  const kept = new Output(false);
  const batches: Buffer[] = [];
  for (let round = 0; round < 500; round++) {
    kept.append(Buffer.alloc(1_000, round % 256));
    const { buffers, release } = kept.take();
    batches.push(...buffers);
    release();
  }
  t.ok(
    batches.every((bytes, round) => bytes.length === 1_000 && bytes.every((byte) => byte === round % 256)),
  );

  const recycled = new Output(true);
  recycled.append(Buffer.from('first'));
  const {
    buffers: [first],
    release,
  } = recycled.take();
  release();
  recycled.append(Buffer.from('other'));
  t.equal(String(first), 'other', 'a slab that came back is used again');
});

test('two outputs share slabs without a byte of one in the other', async (t) => {
  const outputs = [new Output(false), new Output(false)];
  for (let round = 0; round < 300; round++)
    for (const [index, output] of outputs.entries())
      output.append(Buffer.alloc(1 + ((round * 7) % 900), 65 + index));
  for (const [index, output] of outputs.entries()) {
    const { buffers, bytes } = output.take();
    const all = Buffer.concat([...buffers]);
    t.equal(all.length, bytes);
    t.ok(all.every((byte) => byte === 65 + index));
  }
});

test('small pieces of one batch are one buffer, large ones go as they are', async (t) => {
  const output = new Output(false);
  for (let index = 0; index < 10; index++) output.append(Buffer.alloc(100));
  const large = Buffer.alloc(70_000);
  output.append(large);
  output.append(Buffer.alloc(10));
  const { buffers } = output.take();
  t.same(
    buffers.map(({ length }) => length),
    [1_000, 70_000, 10],
  );
  t.equal(buffers[1], large);
});
