import { test } from 'tap';
import { silentLogger, sleep, systemClock } from '../../src/base/index.ts';
import { createFakeClock } from '../support/fake-clock.ts';

test('a timer fires once, and not at all when it was cancelled', async (t) => {
  let fired = 0;
  const cancelled = systemClock.after(1, () => {
    fired += 10;
  });
  cancelled.cancel();
  cancelled.cancel();
  await new Promise<void>((resolve) => {
    const keepAlive = setTimeout(() => resolve(), 1000);
    systemClock.after(1, () => {
      fired++;
      clearTimeout(keepAlive);
      resolve();
    });
  });
  t.equal(fired, 1);
});

test('a delay longer than the platform’s longest timeout does not fire at once', async (t) => {
  let fired = false;
  const timer = systemClock.after(0x7fff_ffff * 3, () => {
    fired = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.equal(fired, false);
  timer.cancel();
});

test('sleeping ends when its time has come', async (t) => {
  const clock = createFakeClock();
  let awake = false;
  const slept = sleep(clock, 100).then(() => {
    awake = true;
  });
  await clock.advance(99);
  t.equal(awake, false);
  await clock.advance(1);
  await slept;
  t.equal(awake, true);
});

test('sleeping ends at once when it is aborted, leaving neither timer nor listener', async (t) => {
  const clock = createFakeClock();
  const controller = new AbortController();
  const slept = sleep(clock, 100, controller.signal);
  const reason = new Error('enough');
  controller.abort(reason);
  await t.rejects(slept, reason);
  t.equal(clock.pending, 0);
  await t.rejects(sleep(clock, 100, controller.signal), reason, 'aborted before it began');
});

test('a silent logger says nothing, nor do its children', async (t) => {
  const child = silentLogger.child({ a: 1 });
  for (const level of ['trace', 'debug', 'info', 'warn', 'error'] as const)
    t.equal(child[level]('event'), undefined);
});
