import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'tap';
import { createSignal } from '../../src/base/index.ts';
import {
  type AuthorityFiles,
  createSigningRequest,
  createSelfSignedMaterial,
  openAuthority,
  verifyPeer,
} from '../../src/identity/index.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { parsePemCertificates } from '../../src/identity/certificates/index.ts';
import { A, withFolder } from './support/certificates.ts';
import { makeMaterial, type MaterialOptions } from './support/plugged-material.ts';

const MATERIALS: readonly MaterialOptions[] = [
  { name: 'an RSA intermediate', key: 'rsa' },
  { name: 'two P-384 intermediates', key: 'p384', levels: 2 },
  { name: 'a root that signs itself', levels: 0 },
];
const trustDomain = 'cluster.local';
const ders = (chain: readonly string[]) => chain.flatMap((pem) => parsePemCertificates(pem));

for (const options of MATERIALS) {
  test(`what is issued under ${options.name} is accepted, by us and by OpenSSL`, (t) =>
    withFolder(async (path) => {
      const begin = makeMaterial(options);
      const authority = await openAuthority({ trustDomain, directory: join(path, 'ca'), begin });
      const { csrPem } = await createSigningRequest(A);
      const { chainPem } = await authority.issue({ csrPem, identity: A, ttlMs: 60_000 });
      t.same(authority.bundle().rootsPem.join(''), begin.rootsPem);
      await authority.revoke('AB12');
      const peer = verifyPeer({
        chain: ders(chainPem.slice(0, -1)),
        bundle: authority.bundle(),
        expected: { trustDomain },
        nowMs: Date.now(),
      });
      t.same(peer, A, 'also with revocation lists');
      await writeFile(join(path, 'root'), begin.rootsPem);
      await writeFile(join(path, 'leaf'), chainPem[0] ?? '');
      await writeFile(join(path, 'rest'), `${chainPem.slice(1).join('')}`);
      const files = ['-CAfile', join(path, 'root'), '-untrusted', join(path, 'rest'), join(path, 'leaf')];
      t.match(execFileSync('openssl', ['verify', '-purpose', 'sslserver', ...files]).toString(), /: OK/);
      await authority.close();
      const again = await openAuthority({ trustDomain, directory: join(path, 'ca'), begin });
      t.same(again.roots(), authority.roots());
      await again.close();
    }));
}

const BROKEN: Readonly<Record<string, { readonly over: object; readonly message: RegExp }>> = {
  'a key of another': { over: { keyPem: makeMaterial({ name: 'x' }).keyPem }, message: /key/ },
  'no key': { over: { keyPem: '' }, message: /key/ },
  'a root of another': { over: { rootsPem: makeMaterial({ name: 'x' }).rootsPem }, message: /chain from/ },
  'text that is no PEM': { over: { certificatePem: 'hello' }, message: /PEM/ },
  'no authority': { over: makeMaterial({ name: 'leaf', constraints: 'critical,CA:FALSE' }), message: /CA/ },
};
test('a broken authority is refused with what is wrong, and the old one goes on', (t) =>
  withFolder(async (path) => {
    const good = makeMaterial({ name: 'good' });
    const authority = await openAuthority({ trustDomain, directory: join(path, 'ca'), begin: good });
    const before = authority.roots();
    for (const [name, { over, message }] of Object.entries(BROKEN)) {
      await t.rejects(
        authority.plugIn({ ...good, ...over }),
        { code: 'ERR_IDENTITY_PLUGGED', message },
        name,
      );
    }
    t.same(authority.roots(), before);
    await authority.close();
    const clock = createFakeClock(Date.now() + 40 * 86_400_000);
    const late = await openAuthority({ trustDomain, directory: join(path, 'late'), clock });
    await t.rejects(late.plugIn(good), { code: 'ERR_IDENTITY_PLUGGED', message: /that ended/ });
    await late.close();
  }));

test('an authority that is handed in is trusted first, signs when it is activated, and the old one stays trusted', (t) =>
  withFolder(async (path) => {
    const first = await createSelfSignedMaterial({ trustDomain, nowMs: Date.now() });
    const authority = await openAuthority({ trustDomain, directory: join(path, 'ca'), begin: first });
    const second = makeMaterial({ name: 'second', key: 'rsa' });
    const oldBundle = authority.bundle();
    const added = await authority.plugIn(second);
    t.match(added, { state: 'added' });
    t.same(authority.bundle().rootsPem, [...oldBundle.rootsPem, second.rootsPem]);
    t.equal(await authority.plugIn(second), undefined, 'the same again is nothing new');
    const { csrPem } = await createSigningRequest(A);
    const before = await authority.issue({ csrPem, identity: A });
    await authority.activateRoot(added?.name ?? '');
    const after = await authority.issue({ csrPem, identity: A });
    for (const [chain, bundle] of [
      [before.chainPem, authority.bundle()],
      [after.chainPem, authority.bundle()],
      [after.chainPem, oldBundle],
    ] as const) {
      const peer = verifyPeer({
        chain: ders(chain.slice(0, -1)),
        bundle,
        expected: { trustDomain },
        nowMs: Date.now(),
      });
      t.same(peer, A, 'also by those who do not know the new root yet');
    }
    t.match(authority.roots(), [{ state: 'active' }, { state: 'retired' }]);
    await authority.close();
  }));

/** What several controllers share, in memory: written only by who has read what stands there. */
function sharedFiles() {
  const texts = new Map<string, string>();
  let version = 0;
  const all = new Set<ReturnType<typeof createSignal<void>>>();
  return (): AuthorityFiles => {
    const changes = createSignal<void>();
    all.add(changes);
    let seen = 0;
    return {
      place: 'memory',
      changes,
      async read(name) {
        if (name === 'authority.json') seen = version;
        return texts.get(name);
      },
      async write(name, text, { exclusive = false } = {}) {
        if (exclusive && texts.has(name)) return false;
        if (name === 'authority.json') {
          if (!exclusive && seen !== version) return false;
          version += 1;
          seen = version;
        }
        texts.set(name, text);
        for (const other of all) if (other !== changes) other.emit();
        return true;
      },
      async remove(name) {
        texts.delete(name);
      },
    };
  };
}

test('two controllers share one authority, and what each changes holds for both', async (t) => {
  const filesOf = sharedFiles();
  const [a, b] = await Promise.all([
    openAuthority({ trustDomain, files: filesOf() }),
    openAuthority({ trustDomain, files: filesOf() }),
  ]);
  const settle = () => new Promise((resolve) => setTimeout(resolve, 100));
  t.same(a.bundle(), b.bundle());
  await Promise.all([a.revoke('A1'), b.revoke('B2'), a.revoke('C3')]);
  await settle();
  const serials = (one: typeof a) =>
    one
      .revoked()
      .map(({ serial }) => serial)
      .sort();
  t.same(serials(a), ['A1', 'B2', 'C3']);
  t.same(serials(b), ['A1', 'B2', 'C3']);
  const added = await a.addRoot();
  await settle();
  t.same(b.bundle().rootsPem, a.bundle().rootsPem);
  await b.activateRoot(added.name);
  await settle();
  t.match(a.roots(), [{ name: added.name, state: 'active' }, { state: 'retired' }]);
  await Promise.all([a.close(), b.close()]);
});
