import { test } from 'tap';
import { createBatcher } from '../../../src/telemetry/otlp/batcher.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what comes close together goes as one batch', async (t) => {
  const clock = createFakeClock();
  const sent: (readonly number[])[] = [];
  const batcher = createBatcher<number>({
    clock,
    gatherMs: 100,
    maximumBatch: 3,
    send: async (items) => sent.push([...items]) > 0,
  });
  batcher.add(1);
  batcher.add(2);
  t.same(sent, []);
  await clock.advance(100);
  await settled();
  t.same(sent, [[1, 2]]);
  for (const item of [3, 4, 5]) batcher.add(item);
  await settled();
  t.same(
    sent,
    [
      [1, 2],
      [3, 4, 5],
    ],
    'a full batch waits for nothing',
  );
  t.same(batcher.counts, { exported: 5, dropped: 0, failed: 0 });
});

test('while a batch hangs others wait, as many as may, and the rest are dropped', async (t) => {
  const clock = createFakeClock();
  let batches = 0;
  const batcher = createBatcher<number>({
    clock,
    maximumBatch: 1,
    maximumWaiting: 2,
    sendMs: 500,
    send() {
      batches += 1;
      return new Promise(() => undefined);
    },
  });
  for (let item = 0; item < 10; item++) batcher.add(item);
  t.equal(batches, 1);
  t.same(batcher.counts, { exported: 0, dropped: 7, failed: 0 });
  await clock.advance(500);
  await settled();
  t.equal(batches, 2, 'the next batch is tried');
  t.equal(batcher.counts.failed, 1);
  const closing = batcher.close();
  await clock.advance(2_000);
  await closing;
  batcher.add(1);
  t.same(batcher.counts, { exported: 0, dropped: 8, failed: 3 });
});

test('a batch that fails is counted, and the next is sent all the same', async (t) => {
  const clock = createFakeClock();
  const answers = [() => Promise.reject(new Error('no')), async () => false, async () => true];
  const batcher = createBatcher<number>({
    clock,
    maximumBatch: 1,
    send: () => answers.shift()?.() ?? Promise.resolve(false),
  });
  for (const item of [1, 2, 3]) batcher.add(item);
  for (let turn = 0; turn < 10; turn++) await settled();
  t.same(batcher.counts, { exported: 1, dropped: 0, failed: 2 });
});
