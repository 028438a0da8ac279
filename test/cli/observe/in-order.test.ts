import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'tap';
import { createInOrder } from '../../../src/cli/observe/tap/in-order.ts';

function collect(options: { readonly holdMs?: number; readonly most?: number }) {
  const seen: string[] = [];
  const inOrder = createInOrder<{ readonly atMs: number; readonly name: string }>({
    ...options,
    onItem: ({ name }) => seen.push(name),
  });
  return {
    seen,
    tell: (...names: readonly string[]) =>
      inOrder.push(names.map((name) => ({ name, atMs: Number(name.slice(0, 1)) }))),
    end: () => inOrder.end(),
  };
}

test('what several sources tell comes in the order of time, and of one time as it was told', async (t) => {
  const { seen, tell, end } = collect({ holdMs: 30 });
  tell('3', '5a', '5b');
  tell('1', '4', '9');
  while (seen.length < 6) await wait(5);
  t.same(seen, ['1', '3', '4', '5a', '5b', '9']);
  tell('2');
  while (seen.length < 7) await wait(5);
  t.equal(seen.at(-1), '2', 'late, but not lost');
  end();
});

test('what is held at the end is handed on, and nothing after it', async (t) => {
  const { seen, tell, end } = collect({ holdMs: 60_000 });
  tell('2', '1');
  t.same(seen, []);
  end();
  tell('3');
  t.same(seen, ['1', '2']);
});

test('no more is held than fits', async (t) => {
  const { seen, tell, end } = collect({ holdMs: 60_000, most: 2 });
  tell('2', '1');
  tell('0');
  t.same(seen, ['0', '1', '2']);
  end();
});
