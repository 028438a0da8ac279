import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'tap';
import { systemClock } from '../../../src/base/index.ts';
import type * as Process from '../../../src/waypoint/filter/process/filter-process.ts';
import type * as Syntax from '../../../src/controller/filter-syntax/index.ts';

/** What an installed package runs: JavaScript that was built, with nothing of the sources' loading left. */
async function build(directory: string): Promise<void> {
  const compiler = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', directory];
  // Without what the test runner adds to the environment of Node.
  const { status, stdout } = spawnSync('env', ['-i', process.execPath, ...compiler], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stdout);
  await cp('src/wire/generated', join(directory, 'wire', 'generated'), { recursive: true });
}

test('filters run, and are judged, in the built package too', async (t) => {
  await mkdir('.tap', { recursive: true });
  const directory = await mkdtemp(resolve('.tap', 'built-'));
  t.teardown(() => rm(directory, { recursive: true }));
  await build(directory);
  const load = (path: string): Promise<unknown> => import(pathToFileURL(join(directory, path)).href);
  const source = 'export function onRequest(request: { path: string }) { request.path = "/built"; }';

  const { startFilterProcess } = (await load('waypoint/filter/process/filter-process.js')) as typeof Process;
  const filter = await startFilterProcess({
    load: { source, config: '{}' },
    memoryBytes: 64 * 1024 * 1024,
    maximumBodyBytes: 1_000,
    clock: systemClock,
    onLog: () => undefined,
  });
  t.teardown(() => filter.close());
  const client = { principal: '', trustDomain: '', namespace: '', serviceAccount: '', address: '', port: 0 };
  const outcome = await filter.call(
    {
      hook: 'request',
      hasBody: false,
      context: { client, service: undefined, route: undefined, locals: '{}' },
      request: { method: 'GET', path: '/', authority: 'a', scheme: 'http', version: '2', headers: [] },
    },
    new Uint8Array(0),
    10_000,
  );
  t.match(outcome, { kind: 'result', head: { answer: false, path: '/built' } });

  const { createSyntaxCheck } = (await load('controller/filter-syntax/index.js')) as typeof Syntax;
  const check = createSyntaxCheck(systemClock);
  t.teardown(() => check.close());
  t.equal(await check.problemOf(source), undefined);
  t.match(await check.problemOf('let x = ;'), /^line 1: Expression expected$/);
});
