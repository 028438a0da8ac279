import { test } from 'tap';
import { createFairShare, type PodShare } from '../../src/ztunnel/connections/fair-share.ts';

/** Takes until refused, and returns the releases. */
function takeAll(share: PodShare): (() => void)[] {
  const releases: (() => void)[] = [];
  for (;;) {
    try {
      releases.push(share.take());
    } catch {
      return releases;
    }
  }
}

test('a greedy pod gets two thirds, and leaves room for every other', async (t) => {
  const connections = createFairShare(900);
  const greedy = takeAll(connections.pod('greedy'));
  t.equal(greedy.length, 600);
  const second = takeAll(connections.pod('second'));
  t.equal(second.length, 200, 'twice what is left at that moment');
  t.doesNotThrow(() => connections.pod('modest').take());
});

test('what is given back can be taken again, and a release counts once', async (t) => {
  const connections = createFairShare(90);
  const share = connections.pod('pod');
  const [first] = takeAll(share);
  first?.();
  first?.();
  t.equal(connections.used, 59);
  t.equal(takeAll(share).length, 1);
});

test('a refusal says who holds how many of what', async (t) => {
  const share = createFairShare(3).pod('shop/cart');
  takeAll(share);
  t.throws(() => share.take(), {
    code: 'ERR_ZTUNNEL_POD_SHARE',
    message: 'shop/cart holds 2 connections, its share of the 3 that this proxy can carry',
  });
});

test('an unlimited process refuses nobody', async (t) => {
  const share = createFairShare(Number.POSITIVE_INFINITY).pod('pod');
  t.doesNotThrow(() => Array.from({ length: 10_000 }, () => share.take()));
});
