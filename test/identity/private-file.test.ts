import { chmod, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'tap';
import { ensurePrivateFolder, readPrivateFile, writePrivateFile } from '../../src/identity/index.ts';
import { withFolder } from './support/certificates.ts';

test('a private file is replaced as a whole, with mode 0600 whatever the umask', (t) =>
  withFolder(async (path) => {
    const before = process.umask(0o277);
    try {
      const file = join(path, 'state');
      t.equal(await readPrivateFile(file), undefined);
      t.equal(await writePrivateFile(file, 'one'), true);
      t.equal(await writePrivateFile(file, 'two'), true);
      t.equal(await writePrivateFile(file, 'three', { exclusive: true }), false);
      t.equal(await readPrivateFile(file), 'two');
      t.equal((await stat(file)).mode & 0o777, 0o600);
      t.same(await readdir(path), ['state'], 'nothing is left beside it');
    } finally {
      process.umask(before);
    }
  }));

test('a file that others may read, or that is none, is refused', (t) =>
  withFolder(async (path) => {
    const file = join(path, 'state');
    await writeFile(file, 'secret');
    await chmod(file, 0o644);
    await t.rejects(readPrivateFile(file), { code: 'ERR_IDENTITY_FILE', hint: /^chmod 600/ });
    await mkdir(join(path, 'folder'));
    await t.rejects(readPrivateFile(join(path, 'folder')), { code: 'ERR_IDENTITY_FILE' });
    await t.rejects(writePrivateFile(join(path, 'absent', 'file'), ''), { code: 'ERR_IDENTITY_FILE' });
    await t.rejects(ensurePrivateFolder(file), { code: 'ERR_IDENTITY_FILE' });
    await symlink('/tmp', join(path, 'link'));
    await t.rejects(ensurePrivateFolder(join(path, 'link')), { code: 'ERR_IDENTITY_FILE' });
  }));
