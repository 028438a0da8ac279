import { test } from 'tap';
import { createDrain } from '../../src/base/index.ts';

test('a drain without holds is drained at once', async (t) => {
  const drain = createDrain();
  t.equal(drain.signal.aborted, false);
  await drain.drained();
  t.equal(drain.signal.aborted, true);
});

test('a drain waits for the last hold, and a release counts once', async (t) => {
  const drain = createDrain();
  const first = drain.hold();
  const second = drain.hold();
  let drained = 0;
  const both = Promise.all([drain.drained(), drain.drained()]).then(() => {
    drained++;
  });
  first();
  first();
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(drained, 0);
  t.equal(drain.active, 1);
  second();
  await both;
  t.equal(drained, 1);
  t.equal(drain.active, 0);
});

test('releasing the last hold before draining began drains nothing', async (t) => {
  const drain = createDrain();
  drain.hold()();
  t.equal(drain.signal.aborted, false);
  const release = drain.hold();
  const drained = drain.drained();
  release();
  await drained;
  t.equal(drain.active, 0);
});
