import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { list } from 'tar';
import { test } from 'tap';
import { nodemesh } from '../../lab/support/lab-fixture.ts';
import { ANSWERS } from '../observe/support/answers.ts';
import { startApiServer } from '../observe/support/api-server.ts';

function folder(t: { teardown(action: () => unknown): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'nodemesh-report-test-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

test('a report of an address has what its API knows, and says what did not answer', async (t) => {
  const api = await startApiServer(t, ANSWERS);
  const file = join(folder(t), 'report.tar.gz');
  const { code, stdout, stderr } = await nodemesh(['bug-report', '--address', api.url, '--file', file]);
  t.equal(code, 0);
  t.match(stdout, /report\.tar\.gz: \d+ files, [\d.]+KB\n$/);
  t.match(stderr, /not in it: api\/mesh\/flows\.json: .* no \/api\/v1\/flows/);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(readFileSync(file).readUInt16BE(0), 0x1f8b, 'it is compressed');
  const paths: string[] = [];
  await list({ file, onReadEntry: ({ path }) => paths.push(path) });
  const root = (paths[0] ?? '').split('/')[0];
  for (const path of ['versions.json', 'check.txt', 'missing.json', 'api/mesh/topology.json'])
    t.ok(paths.includes(`${root}/${path}`), path);
});

test('a place that cannot be written is told', async (t) => {
  const api = await startApiServer(t, ANSWERS);
  const { code, stderr } = await nodemesh([
    'bug-report',
    '--address',
    api.url,
    '--file',
    '/nowhere/a.tar.gz',
  ]);
  t.equal(code, 1);
  t.match(stderr, /cannot write \/nowhere\/a\.tar\.gz/);
  t.match(stderr, /ERR_CLI_FILE/);
});
