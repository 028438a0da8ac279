import { test } from 'tap';
import { importsOf, sourceFiles, targetOf } from './support/imports.ts';

test('no file imports itself by way of others, not even for a type', async (t) => {
  const files = ['src', 'test', 'bench', 'scripts'].flatMap(sourceFiles);
  const targets = new Map<string, string[]>(files.map((file) => [file, []]));
  for (const one of importsOf(files)) targets.get(one.file)?.push(targetOf(one) ?? '');
  t.ok(files.length > 1_000, 'the scan found the files');
  t.equal(firstCircle(targets), undefined);
});

test('a circle is found, and told as the way round', async (t) => {
  const targets = new Map([
    ['a', ['b', 'c']],
    ['b', ['d']],
    ['c', ['d', 'elsewhere']],
    ['d', ['c']],
  ]);
  t.equal(firstCircle(targets), 'd → c → d');
});

/** Undefined: there is none. */
function firstCircle(targets: ReadonlyMap<string, readonly string[]>): string | undefined {
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (file: string): string | undefined => {
    if (done.has(file)) return undefined;
    const start = way.indexOf(file);
    if (start !== -1) return [...way.slice(start), file].join(' → ');
    way.push(file);
    for (const target of targets.get(file) ?? []) {
      const circle = visit(target);
      if (circle !== undefined) return circle;
    }
    way.pop();
    done.add(file);
    return undefined;
  };
  for (const file of targets.keys()) {
    const circle = visit(file);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
