import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'tap';
import { parse } from 'yaml';
import { inspectObject } from '../../../src/controller/objects/index.ts';
import { makeRequest } from '../request-fixtures.ts';
import { withFilter } from './filter-world.ts';

/** The first block of a language in docs/filters.md. */
async function exampleIn(language: 'ts' | 'yaml'): Promise<string> {
  const text = await readFile('docs/filters.md', 'utf8');
  const block = new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'm').exec(text)?.[1];
  if (block === undefined) throw new Error(`docs/filters.md has no example in ${language}`);
  return block;
}

test('the example of docs/filters.md does what it says', async (t) => {
  const { config } = (parse(await exampleIn('yaml')) as { spec: { config: unknown } }).spec;
  const { send, lines, until } = await withFilter(t, await exampleIn('ts'), {
    config: JSON.stringify(config),
  });
  const served = await send(makeRequest({ target: '/cart', headers: { 'x-tenant': 'acme' } }));
  t.equal(JSON.parse(served.text).target, '/acme/cart');
  t.match(served.headers, { 'x-tenant': 'acme', 'x-backend': 'echo' });
  const refused = await send(makeRequest({ headers: { 'x-tenant': 'evil' } }));
  t.match(refused, { status: 403, text: 'unknown tenant\n' });
  await until('the log', () => lines.some((line) => line.includes('unknown tenant')));
});

test('its object is one that the controller takes', async (t) => {
  t.same(inspectObject('Filter', parse(await exampleIn('yaml'))).issues, []);
});

test('the example is sound TypeScript by the types that authors get, and mistakes are not', async (t) => {
  const example = await exampleIn('ts');
  const cases: readonly (readonly [string, RegExp | undefined])[] = [
    [example, undefined],
    [example.replace('status: 403', "status: '403'"), /Type 'string' is not assignable to type 'number'/],
    [example.replace('request.path =', 'request.authority ='), /read-only property/],
  ];
  // Below the project, so that its own name leads to its exports as that of an installed package would.
  const directory = await mkdtemp(join('test', 'waypoint', 'filter', 'example-'));
  t.teardown(() => rm(directory, { recursive: true }));
  for (const [source, expected] of cases) {
    await writeFile(join(directory, 'example.ts'), source);
    const problems = problemsOf(join(directory, 'example.ts'));
    if (expected === undefined) t.equal(problems, '');
    else t.match(problems, expected);
  }
});

function problemsOf(file: string): string {
  const flags = ['--ignoreConfig', '--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext'];
  // Without what the test runner adds to the environment of Node.
  const compiler = ['-i', process.execPath, 'node_modules/typescript/bin/tsc', ...flags, '--types', '', file];
  const { stdout, stderr, status } = spawnSync('env', compiler, { encoding: 'utf8' });
  return status === 0 ? '' : `${stdout}${stderr}`;
}
