import { test } from 'tap';
import { createSignal } from '../../src/base/index.ts';

test('listeners get each notice in the order in which they subscribed', async (t) => {
  const signal = createSignal<number>();
  const got: string[] = [];
  signal.subscribe((notice) => got.push(`a${notice}`));
  signal.subscribe((notice) => got.push(`b${notice}`));
  signal.emit(1);
  t.same(got, ['a1', 'b1']);
});

test('one function subscribed twice is told twice, and each unsubscribe ends one of them', async (t) => {
  const signal = createSignal<number>();
  let told = 0;
  const listener = (): void => {
    told++;
  };
  const stop = signal.subscribe(listener);
  signal.subscribe(listener);
  signal.emit(0);
  t.equal(told, 2);
  stop();
  stop();
  signal.emit(0);
  t.equal(told, 3);
  t.equal(signal.listenerCount, 1);
});

test('subscribing and unsubscribing while a notice is delivered is safe', async (t) => {
  const signal = createSignal<number>();
  const got: string[] = [];
  const stop = signal.subscribe(() => {
    got.push('once');
    stop();
    signal.subscribe(() => got.push('later'));
  });
  signal.emit(0);
  t.same(got, ['once']);
  signal.emit(0);
  t.same(got, ['once', 'later']);
});
