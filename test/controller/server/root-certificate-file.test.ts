import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'tap';
import { createSignal, silentLogger } from '../../../src/base/index.ts';
import type { TrustBundle } from '../../../src/model/index.ts';
import { writeRootCertificateFile } from '../../../src/controller/server/root-certificate-file.ts';
import { withFolder } from '../../identity/support/certificates.ts';

test('the file of roots follows them, and what cannot be written is told and leaves nothing beside it', (t) =>
  withFolder(async (folder) => {
    const bundleChanges = createSignal<TrustBundle>();
    const file = join(folder, 'root-cert.pem');
    let rootsPem = ['one\n'];
    const told: unknown[] = [];
    const bundle = () => ({ trustDomain: 'cluster.local', rootsPem, crlsPem: [], version: '1' });
    const authority = { bundle, bundleChanges };
    const log = { ...silentLogger, error: (message: string) => void told.push(message) };
    const kept = await writeRootCertificateFile(file, authority, log);
    t.equal(await readFile(file, 'utf8'), 'one\n');

    // What nothing can take the place of by a rename.
    await rm(file);
    await mkdir(join(file, 'in-the-way'), { recursive: true });
    bundleChanges.emit(bundle());
    while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    t.same(told, ['root certificates not written']);
    t.same(await readdir(folder), ['root-cert.pem']);
    await t.rejects(writeRootCertificateFile(file, authority, log), { code: 'EISDIR' });
    t.same(await readdir(folder), ['root-cert.pem'], 'nor at the start');

    await rm(file, { recursive: true });
    rootsPem = ['one\n', 'two\n'];
    bundleChanges.emit(bundle());
    await kept.close();
    t.equal(await readFile(file, 'utf8'), 'one\ntwo\n');
    t.same(await readdir(folder), ['root-cert.pem']);
  }));
