import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { test } from 'tap';
import { type HttpBody, NO_BODY } from '../../../../src/http/index.ts';
import { createReplayMemory } from '../../../../src/waypoint/layers/resilience/replay/replay-memory.ts';
import { createReplayableBody } from '../../../../src/waypoint/layers/resilience/replay/replayable-body.ts';
import { bodyOf } from '../../request-fixtures.ts';

const memory = createReplayMemory(1_000_000);
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function bodyFrom(stream: Readable): HttpBody {
  return { stream, length: undefined, trailers: () => undefined };
}

function streamOf(body: HttpBody): Readable {
  if (body.stream === undefined) throw new Error('expected a body, got none');
  return body.stream;
}

/** Reads at least so many bytes, and gives the stream up. */
async function readSome(body: HttpBody, bytes: number): Promise<Buffer> {
  const stream = streamOf(body);
  const chunks: Buffer[] = [];
  let got = 0;
  if (bytes > 0)
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      chunks.push(chunk);
      got += chunk.length;
      if (got >= bytes) break;
    }
  stream.destroy();
  return Buffer.concat(chunks);
}

test('no body is the same for every try', async (t) => {
  const body = createReplayableBody(NO_BODY, { maximumBytes: 0, memory });
  t.equal(body.open(), NO_BODY);
  t.equal(body.open(), NO_BODY);
  t.ok(body.replayable);
});

test('every try that reads to the end gets all of the body, wherever the ones before it stopped', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 }),
      fc.array(fc.nat(120), { maxLength: 4 }),
      fc.boolean(),
      async (pieces, stops, slowly) => {
        const source = new PassThrough();
        const write = async () => {
          for (const piece of pieces) {
            if (slowly) await settle();
            source.write(piece);
          }
          source.end();
        };
        const writing = write();
        const whole = Buffer.concat(pieces);
        const body = createReplayableBody(bodyFrom(source), { maximumBytes: 1_000, memory });
        for (const stop of stops) {
          const part = await readSome(body.open(), stop);
          if (!whole.subarray(0, part.length).equals(part)) throw new Error('a try got something else');
        }
        const last = body.open();
        body.settle();
        const got = await buffer(streamOf(last));
        await writing;
        if (!got.equals(whole)) throw new Error(`expected ${whole.length} bytes, got ${got.length}`);
      },
    ),
    { numRuns: 300 },
  );
  t.pass();
});

test('a body beyond the limit goes to the try that reads it, and to no other', async (t) => {
  const body = createReplayableBody(bodyOf('a'.repeat(60), 'b'.repeat(60)), { maximumBytes: 100, memory });
  const first = body.open();
  t.ok(body.replayable);
  t.equal((await buffer(streamOf(first))).length, 120);
  t.notOk(body.replayable);
});

test('a body just at the limit can be sent again', async (t) => {
  const body = createReplayableBody(bodyOf('a'.repeat(60), 'b'.repeat(40)), { maximumBytes: 100, memory });
  await buffer(streamOf(body.open()));
  t.ok(body.replayable);
  t.equal((await buffer(streamOf(body.open()))).length, 100);
});

test('what all bodies keep together is bounded, and given back', async (t) => {
  const little = createReplayMemory(100);
  const limits = { maximumBytes: 100, memory: little };
  const first = createReplayableBody(bodyOf('a'.repeat(80)), limits);
  await buffer(streamOf(first.open()));
  const second = createReplayableBody(bodyOf('b'.repeat(80)), limits);
  await buffer(streamOf(second.open()));
  t.ok(first.replayable);
  t.notOk(second.replayable);
  second.settle();
  first.settle();
  first.settle();
  t.ok(little.take(100));
  t.notOk(little.take(1));
});

test('nothing is read before a try asks for it, and no more than it asks for', async (t) => {
  let read = 0;
  const source = new Readable({
    highWaterMark: 10,
    read() {
      read += 1;
      this.push(Buffer.alloc(10));
    },
  });
  const body = createReplayableBody(bodyFrom(source), { maximumBytes: 1_000_000, memory });
  const stream = streamOf(body.open());
  await settle();
  t.equal(read, 0);
  stream.read(0);
  await settle();
  await settle();
  t.ok(read * 10 <= stream.readableHighWaterMark + 30, `${read} chunks`);
});

test('a body that is cut is cut for the try, with the same error', async (t) => {
  const source = new PassThrough();
  const body = createReplayableBody(bodyFrom(source), { maximumBytes: 100, memory });
  source.write('half');
  const reading = buffer(streamOf(body.open()));
  await settle();
  source.destroy(new Error('client gone'));
  await t.rejects(reading, { message: 'client gone' });
  await t.rejects(buffer(streamOf(body.open())), { message: 'client gone' });
});

test('a try that is given up leaves the source to the next', async (t) => {
  const source = new PassThrough();
  const body = createReplayableBody(bodyFrom(source), { maximumBytes: 100, memory });
  source.write('one');
  t.equal((await readSome(body.open(), 3)).toString(), 'one');
  source.write('two');
  await settle();
  t.notOk(source.destroyed);
  source.end();
  t.equal((await buffer(streamOf(body.open()))).toString(), 'onetwo');
});

test('length and trailers are those of the source', async (t) => {
  const source = bodyOf('abc');
  const body = createReplayableBody(source, { maximumBytes: 100, memory }).open();
  t.equal(body.length, 3);
  t.equal(body.trailers(), source.trailers());
  streamOf(body).destroy();
});
