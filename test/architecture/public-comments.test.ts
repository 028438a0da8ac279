import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { sourceFiles } from './support/imports.ts';
import { type PublicDeclaration, publicDeclarations, repeatsName } from './support/public-declarations.ts';

const all = sourceFiles('src').flatMap((file) => publicDeclarations(file, readFileSync(file, 'utf8')));

test('what is public has a comment of its own', async (t) => {
  t.ok(all.length > 1000, 'the scan found what is public');
  t.same(all.filter(({ comment }) => comment === '').map(describe), []);
});

test('a comment says something that the name does not', async (t) => {
  t.same(all.filter((one) => one.comment !== '' && repeatsName(one)).map(describe), []);
});

test('of several signatures the first is enough, and a repeated name is no comment', async (t) => {
  const found = publicDeclarations(
    'sample.ts',
    `/** Throws SampleError. */
export function readThing(one: string): string;
export function readThing(one: number): number;
/** A thing to be read. */
export interface ThingToRead {}

export class Bare {}
`,
  );
  t.same(
    found.map((one) => [one.name, one.comment, repeatsName(one)]),
    [
      ['readThing', 'Throws SampleError.', false],
      ['ThingToRead', 'A thing to be read.', true],
      ['Bare', '', true],
    ],
  );
});

function describe({ file, name }: PublicDeclaration): string {
  return `${file}: ${name}`;
}
