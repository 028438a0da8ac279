import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Test, test } from 'tap';

const PASSED = 'ok 1 - test/a.test.ts # time=5ms\n\n# { total: 7, pass: 7 }\n# time=9ms\n';
const ONE_FAILED = [
  'ok 1 - test/a.test.ts # time=5ms',
  '# Subtest: test/b/c.test.ts',
  '    # Subtest: it holds',
  '        not ok 1 - should be equal',
  '    not ok 1 - it holds # time=3ms',
  'not ok 2 - test/b/c.test.ts # time=5ms',
  '# { total: 8, pass: 7, fail: 1 }',
  '# time=9ms',
  '',
].join('\n');

test('what failed beside others and not alone is named and does not count', (t) => {
  const { output, status } = count(t, { results: ONE_FAILED, alone: PASSED });
  t.equal(status, 0);
  t.match(output, /^failed beside others: not ok 2 - test\/b\/c\.test\.ts/m);
  t.match(output, /\n7 passed, 0 failed\n$/);
  t.end();
});

test('what fails alone too is a failure', (t) => {
  const { output, status } = count(t, { results: ONE_FAILED, alone: ONE_FAILED, failedSteps: 1 });
  t.equal(status, 1);
  t.match(output, /^failed alone too: not ok 1 - should be equal/m);
  t.match(output, /\n7 passed, 1 failed\n$/);
  t.end();
});

test('a failure that was not run again, a step that failed and a run without results are failures', (t) => {
  for (const [said, line] of [
    [{ results: ONE_FAILED }, '7 passed, 1 failed'],
    [{ results: PASSED, failedSteps: 2 }, '7 passed, 2 failed'],
    [{ results: '' }, '0 passed, 1 failed'],
    // It was killed before it had a result.
    [{ results: ONE_FAILED, alone: '# Subtest: test/b/c.test.ts\n', failedSteps: 1 }, '7 passed, 1 failed'],
    [{ results: `    ok 1 - it flies # SKIP no wings\n${PASSED}` }, '7 passed, 1 failed'],
  ] as const) {
    const { output, status } = count(t, said);
    t.equal(status, 1);
    t.equal(output.trim().split('\n').at(-1), line);
  }
  t.end();
});

test('only a few failed files are run again', (t) => {
  const failed = (count: number): string =>
    Array.from({ length: count }, (_, index) => `not ok ${index} - test/f${index}.test.ts # time=1ms\n`).join(
      '',
    );
  const folder = t.testdir({ 'one.tap': ONE_FAILED, 'three.tap': failed(3), 'four.tap': failed(4) });
  const again = (name: string): string => run(t, 'failed-files.js', [join(folder, name)]).output;
  t.equal(again('one.tap'), 'test/b/c.test.ts\n');
  t.equal(again('three.tap').split('\n').length, 4);
  t.equal(again('four.tap'), '');
  t.equal(again('nothing.tap'), '');
  t.end();
});

function count(
  t: Test,
  {
    results,
    alone,
    failedSteps = 0,
  }: { readonly results: string; readonly alone?: string; readonly failedSteps?: number },
): { readonly output: string; readonly status: number | null } {
  const folder = t.testdir({
    'results.tap': results,
    ...(alone === undefined ? {} : { 'alone.tap': alone }),
  });
  return run(t, 'count-tests.js', [`${failedSteps}`, join(folder, 'results.tap'), join(folder, 'alone.tap')]);
}

function run(
  t: Test,
  script: string,
  parameters: readonly string[],
): { readonly output: string; readonly status: number | null } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join('scripts', script), ...parameters], {
    encoding: 'utf8',
  });
  t.equal(stderr, '');
  return { output: stdout, status };
}
