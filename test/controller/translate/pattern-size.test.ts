import fc from 'fast-check';
import { RE2JS } from 're2js';
import { test } from 'tap';
import { patternProblem } from '../../../src/controller/translate/pattern/pattern-problem.ts';
import { patternSize } from '../../../src/controller/translate/pattern/pattern-size.ts';

const atom = fc.constantFrom(
  'a',
  '.',
  '\\d',
  '\\pL',
  '[a-z]',
  '[^]x]',
  '[\\]a]',
  '\\Qa{9}\\E',
  '^',
  '\\{',
  'é',
);
const pattern: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    atom,
    fc.array(tie('node'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(${a}|${b})`),
    fc
      .tuple(tie('node'), fc.constantFrom('*', '+', '?', '{3}', '{2,5}', '{4,}', '{0}', '{1,20}'))
      .map(([part, repeat]) => `(?:${part})${repeat}`),
  ),
})).node;

test('the size of an expression is about what it compiles to, and never far too small', async (t) => {
  let compiled = 0;
  fc.assert(
    fc.property(pattern, (source) => {
      let real: number;
      try {
        real = RE2JS.compile(source).programSize();
      } catch {
        return;
      }
      compiled += 1;
      const size = patternSize(source);
      if (real > 3 * size + 10) throw new Error(`${source}: ${size}, in truth ${real}`);
    }),
    { numRuns: 3_000 },
  );
  t.ok(compiled > 1_000);
});

test('no text keeps it busy', async (t) => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => patternSize(text) >= 0));
  t.ok(patternSize('('.repeat(100_000)) > 0);
  t.ok(patternSize('[a'.repeat(100_000)) > 0);
});

test('what would take long to compile is refused without compiling it', async (t) => {
  const slow = [
    '.{1000}'.repeat(585),
    `(${'ab'.repeat(500)}){1000}`,
    '\\pL{1000}'.repeat(100),
    '((a{30}){30}){2}'.repeat(9),
  ];
  for (const source of slow) t.match(patternProblem(source), /at most 5000 steps/, source.slice(0, 20));
  const usual = [
    '/v[0-9]{1,3}/.*',
    '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
    '(?i)(jpe?g|png|gif)$',
    '\\Q{1000}{1000}\\E',
    `(${Array.from({ length: 200 }, (_, index) => `tenant-${index}`).join('|')})`,
  ];
  for (const source of usual) t.equal(patternProblem(source), undefined, source.slice(0, 40));
});
