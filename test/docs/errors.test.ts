import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'tap';

/** Every code table of src, merged: code → meaning. */
async function codesInSource(): Promise<ReadonlyMap<string, string>> {
  const codes = new Map<string, string>();
  for (const file of globSync('src/**/errors.ts')) {
    const module: Record<string, unknown> = await import(pathToFileURL(resolve(file)).href);
    for (const [name, table] of Object.entries(module)) {
      if (!name.endsWith('_ERROR_CODES')) continue;
      for (const [code, meaning] of Object.entries(table as Record<string, string>)) codes.set(code, meaning);
    }
  }
  return codes;
}

/** The rows `| ERR_… | meaning |` of docs/errors.md. */
function codesInDocs(): ReadonlyMap<string, string> {
  const rows = readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `(ERR_[A-Z0-9_]+)` \| (.*?) \|/gm);
  return new Map([...rows].map(([, code = '', meaning = '']) => [code, meaning]));
}

test('docs/errors.md and the code tables say the same', async (t) => {
  const source = await codesInSource();
  const docs = codesInDocs();
  t.ok(source.size > 0);
  t.same([...docs].sort(), [...source].sort());
});

test('every error code is thrown somewhere', async (t) => {
  // A table's own keys are not quoted, so what is found quoted is a use, in the table's file too.
  const sources = globSync('src/**/*.ts')
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const unused = [...(await codesInSource()).keys()].filter((code) => !sources.includes(`'${code}'`));
  t.same(unused, []);
});
