import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'tap';
import { watchRootCertificateFile } from '../../../src/wire/index.ts';

test('a change is told once it has rested, however the file is replaced', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'nodemesh-roots-'));
  const path = join(directory, 'root-cert.pem');
  await writeFile(join(directory, 'v1'), 'first');
  await symlink('v1', path);
  const roots = watchRootCertificateFile({ path, intervalMs: 20 });
  let changes = 0;
  roots.changes.subscribe(() => {
    changes += 1;
  });
  t.equal(await roots.read(), 'first');
  await delay(100);
  t.equal(changes, 0, 'what was there first is no change');
  await writeFile(join(directory, 'v2'), 'second');
  await symlink('v2', join(directory, 'next'));
  await rename(join(directory, 'next'), path);
  const deadline = Date.now() + 5000;
  while (changes === 0 && Date.now() < deadline) await delay(10);
  t.equal(changes, 1);
  t.equal(await roots.read(), 'second');
  await writeFile(join(directory, 'v2'), 'second');
  await delay(100);
  t.equal(changes, 1, 'the same content again is no change');
  await rm(path);
  await delay(60);
  t.equal(changes, 1, 'a missing file is no change');
  await roots.close();
  await rm(directory, { recursive: true });
});

test('a file that is missing or empty is said to be', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'nodemesh-roots-'));
  const path = join(directory, 'root-cert.pem');
  const roots = watchRootCertificateFile({ path });
  await t.rejects(roots.read(), {
    code: 'ERR_WIRE_CREDENTIALS',
    message: `cannot read the root certificates ${path}`,
  });
  await writeFile(path, '\n');
  await t.rejects(roots.read(), { code: 'ERR_WIRE_CREDENTIALS', message: /is empty/ });
  roots.destroy();
  await rm(directory, { recursive: true });
});
