import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'tap';
import { createSigningRequest, openAuthority, verifyPeer } from '../../src/identity/index.ts';
import { parsePemCertificates } from '../../src/identity/certificates/index.ts';
import { A, B, HOUR_MS, identity, withFolder } from './support/certificates.ts';

const options = { trustDomain: 'cluster.local' };
const ders = (chain: readonly string[]) => chain.slice(0, -1).flatMap(parsePemCertificates);

test('an authority is created with private permissions and found again on the next start', (t) =>
  withFolder(async (path) => {
    const directory = join(path, 'deep', 'ca');
    const first = await openAuthority({ ...options, directory });
    const root = first.bundle().rootsPem;
    await first.close();
    t.equal((await stat(directory)).mode & 0o777, 0o700);
    for (const file of await readdir(directory))
      t.equal((await stat(join(directory, file))).mode & 0o777, 0o600, file);
    const second = await openAuthority({ ...options, directory });
    t.same(second.bundle().rootsPem, root);
    await second.close();
    await t.rejects(openAuthority({ directory, trustDomain: 'other.example' }), {
      code: 'ERR_IDENTITY_AUTHORITY',
    });
  }));

test('several first starts at once agree on one authority', (t) =>
  withFolder(async (path) => {
    const directory = join(path, 'ca');
    const all = await Promise.all([1, 2, 3, 4].map(() => openAuthority({ ...options, directory })));
    t.equal(new Set(all.map((authority) => authority.bundle().version)).size, 1);
    for (const authority of all) await authority.close();
    t.equal((await readdir(directory)).length, 3, 'the record, one certificate and one key');
  }));

test('a folder or key that others may read is refused with the command that closes it', (t) =>
  withFolder(async (path) => {
    const directory = join(path, 'ca');
    await (await openAuthority({ ...options, directory })).close();
    await chmod(directory, 0o750);
    await t.rejects(openAuthority({ ...options, directory }), {
      code: 'ERR_IDENTITY_FILE',
      hint: /^chmod 700 /,
    });
    await chmod(directory, 0o700);
    const key = (await readdir(directory)).find((file) => file.endsWith('.key')) ?? '';
    await chmod(join(directory, key), 0o640);
    await t.rejects(openAuthority({ ...options, directory }), {
      code: 'ERR_IDENTITY_FILE',
      message: /got mode 640/,
    });
    await chmod(join(directory, key), 0o600);
    await writeFile(join(directory, key), 'damaged');
    await t.rejects(openAuthority({ ...options, directory }), { code: 'ERR_IDENTITY_AUTHORITY' });
  }));

for (const withIntermediate of [false, true]) {
  test(`an issued certificate is an X.509-SVID of the mesh's profile (intermediate: ${withIntermediate})`, (t) =>
    withFolder(async (path) => {
      const authority = await openAuthority({ ...options, directory: join(path, 'ca'), withIntermediate });
      const { csrPem, privateKeyPem } = await createSigningRequest(A);
      const issued = await authority.issue({ csrPem, identity: A, ttlMs: 10_000 });
      t.equal(issued.chainPem.length, withIntermediate ? 3 : 2);
      t.equal(issued.chainPem.at(-1), authority.bundle().rootsPem.join(''));
      const leaf = new X509Certificate(issued.chainPem[0] ?? '');
      t.equal(leaf.subject, undefined);
      t.equal(leaf.subjectAltName, `URI:${A.id}`);
      t.equal(leaf.ca, false);
      t.ok(leaf.checkPrivateKey(createPrivateKey(privateKeyPem)));
      t.equal(leaf.validToDate.getTime(), issued.notAfterMs);
      const lifeMs = leaf.validToDate.getTime() - leaf.validFromDate.getTime();
      t.ok(lifeMs >= 15_000 && lifeMs <= 17_000, `backdated by half of a short life: ${lifeMs}`);
      const text = execFileSync('openssl', ['x509', '-noout', '-text'], {
        input: issued.chainPem[0],
      }).toString();
      t.match(text, /Subject Alternative Name: critical/);
      t.match(text, /Key Usage: critical\s+Digital Signature, Key Encipherment\n/);
      t.match(text, /TLS Web Server Authentication, TLS Web Client Authentication/);
      const peer = verifyPeer({
        chain: ders(issued.chainPem),
        bundle: authority.bundle(),
        expected: { trustDomain: 'cluster.local' },
        nowMs: Date.now(),
      });
      t.same(peer, A);
      // The independent opinion of OpenSSL about the whole chain.
      const files = {
        root: join(path, 'root.pem'),
        rest: join(path, 'rest.pem'),
        leaf: join(path, 'leaf.pem'),
      };
      await writeFile(files.root, issued.chainPem.at(-1) ?? '');
      await writeFile(files.leaf, issued.chainPem[0] ?? '');
      await writeFile(files.rest, issued.chainPem.slice(1).join(''));
      const verdict = execFileSync('openssl', [
        'verify',
        '-x509_strict',
        '-purpose',
        'sslserver',
        '-CAfile',
        files.root,
        '-untrusted',
        files.rest,
        files.leaf,
      ]);
      t.match(verdict.toString(), /: OK/);
      await authority.close();
    }));
}

test('a request that is not exactly for the identity, or is damaged, is refused with one clear error', (t) =>
  withFolder(async (path) => {
    const authority = await openAuthority({ ...options, directory: join(path, 'ca'), maximumTtlMs: HOUR_MS });
    const { csrPem } = await createSigningRequest(A);
    const issue = (csr: string, who = A, ttlMs?: number) =>
      authority.issue({ csrPem: csr, identity: who, ...(ttlMs === undefined ? {} : { ttlMs }) });
    await t.rejects(issue(csrPem, B), { code: 'ERR_IDENTITY_CSR', message: /sa\/b as only .* sa\/a|sa\/b/ });
    await t.rejects(issue('nothing'), { code: 'ERR_IDENTITY_CSR' });
    await t.rejects(issue(csrPem + csrPem), { code: 'ERR_IDENTITY_CSR' });
    await t.rejects(issue('x'.repeat(20_000)), { code: 'ERR_IDENTITY_CSR' });
    await t.rejects(issue(csrPem, A, Number.NaN), { code: 'ERR_IDENTITY_TTL' });
    await t.rejects(issue(csrPem, A, -1), { code: 'ERR_IDENTITY_TTL' });
    const stranger = identity('spiffe://elsewhere.example/ns/shop/sa/a');
    await t.rejects(issue(csrPem, stranger), { code: 'ERR_IDENTITY_PEER_TRUST_DOMAIN' });
    const lines = csrPem.split('\n');
    lines[4] = [...(lines[4] ?? '')].reverse().join('');
    await t.rejects(issue(lines.join('\n')), { code: 'ERR_IDENTITY_CSR' });
    const long = await issue(csrPem, A, 100 * HOUR_MS);
    t.ok(long.notAfterMs <= Date.now() + HOUR_MS + 1000, 'a longer wish is shortened to the maximum');
    await authority.close();
    await t.rejects(issue(csrPem), { code: 'ERR_IDENTITY_CLOSED' });
  }));

test('requests made by OpenSSL are served: bare P-256 and P-384; weak or foreign ones are not', (t) =>
  withFolder(async (path) => {
    const authority = await openAuthority({ ...options, directory: join(path, 'ca') });
    const csr = async (key: readonly string[], more: readonly string[] = []) => {
      const out = join(path, 'r.csr');
      const args = [
        'req',
        '-new',
        '-newkey',
        ...key,
        '-nodes',
        '-keyout',
        join(path, 'r.key'),
        '-subj',
        '/',
        '-out',
        out,
      ];
      execFileSync('openssl', [...args, ...more], { stdio: 'pipe' });
      return readFile(out, 'utf8');
    };
    const curve = (name: string) => ['ec', '-pkeyopt', `ec_paramgen_curve:${name}`];
    const san = (names: string) => ['-addext', `subjectAltName=${names}`];
    const issue = (csrPem: string) => authority.issue({ csrPem, identity: A });
    t.ok(await issue(await csr(curve('P-256'))));
    t.ok(await issue(await csr(curve('P-384'), san(`URI:${A.id}`))));
    await t.rejects(csr(curve('P-256'), san(`URI:${A.id},URI:${B.id}`)).then(issue), {
      code: 'ERR_IDENTITY_CSR',
    });
    await t.rejects(csr(curve('P-256'), san(`URI:${A.id},DNS:x.example`)).then(issue), {
      code: 'ERR_IDENTITY_CSR',
    });
    await t.rejects(csr(curve('P-224')).then(issue), { code: 'ERR_IDENTITY_CSR' });
    await t.rejects(csr(['rsa:2048']).then(issue), { code: 'ERR_IDENTITY_CSR' });
    await authority.close();
  }));

test('a server certificate names its DNS names and addresses', (t) =>
  withFolder(async (path) => {
    const authority = await openAuthority({
      ...options,
      directory: join(path, 'ca'),
      withIntermediate: true,
    });
    const server = await authority.serverCertificate({
      dnsNames: ['nodemesh-controller.nodemesh-system.svc'],
      ipAddresses: ['172.30.0.250', 'fd00::1'],
    });
    const leaf = new X509Certificate(server.certificatePem);
    t.equal(
      leaf.checkHost('nodemesh-controller.nodemesh-system.svc'),
      'nodemesh-controller.nodemesh-system.svc',
    );
    t.equal(leaf.checkIP('172.30.0.250'), '172.30.0.250');
    t.equal(leaf.checkIP('fd00::1'), 'fd00::1');
    t.equal(parsePemCertificates(server.certificatePem).length, 2);
    t.ok(leaf.checkPrivateKey(createPrivateKey(server.privateKeyPem)));
    await authority.close();
  }));
