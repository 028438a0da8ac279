import { test } from 'tap';
import { RecentFew } from '../../src/base/index.ts';

test('the last few are found by what they are asked for, and older ones are not', async (t) => {
  const few = new RecentFew<{ readonly asked: number }>(3);
  for (const asked of [1, 2, 3, 4]) few.add({ asked });
  t.same(
    few.find(({ asked }) => asked === 4),
    { asked: 4 },
  );
  t.same(
    few.find(({ asked }) => asked === 2),
    { asked: 2 },
  );
  t.equal(
    few.find(({ asked }) => asked === 1),
    undefined,
    'the oldest one has gone',
  );
});

test('nothing is found where nothing was added', async (t) => {
  t.equal(
    new RecentFew<number>().find(() => true),
    undefined,
  );
});
