import { join } from 'node:path';
import { test } from 'tap';
import type { LogFields, Logger } from '../../src/base/index.ts';
import { createRevocationList } from '../../src/identity/authority/certificate-profiles.ts';
import { parsePemCertificates } from '../../src/identity/certificates/index.ts';
import {
  type Authority,
  createPeerVerifier,
  createSigningRequest,
  createSvidStore,
  IdentityError,
  openAuthority,
  type SvidStoreOptions,
  verifyPeer,
} from '../../src/identity/index.ts';
import type { TrustBundle } from '../../src/model/index.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { A, B, bundle, HOUR_MS, type TestSigner, withFolder } from './support/certificates.ts';
import { until } from './support/live-mesh.ts';
import { createMemoryIssuer } from './support/memory-issuer.ts';

const DAY_MS = 24 * HOUR_MS;

async function setUp(options: Partial<SvidStoreOptions> = {}) {
  const clock = createFakeClock();
  const issuer = await createMemoryIssuer(clock);
  const store = createSvidStore({
    issue: issuer.issue,
    ttlMs: DAY_MS,
    clock,
    random: () => 0.5,
    attemptTimeoutMs: 1e9,
    ...options,
  });
  return { clock, issuer, store };
}

/** A list of the issuer that is good for four hours. */
async function listOf(root: TestSigner, clock: FakeClock, ...serials: string[]): Promise<string> {
  return createRevocationList({
    signer: { name: root.name, ...root.keys },
    revoked: serials.map((serial) => ({ serial, atMs: clock.now() })),
    thisUpdateMs: clock.now(),
    nextUpdateMs: clock.now() + 4 * HOUR_MS,
  });
}

function recordingLog(lines: string[]): Logger {
  const write = (level: string) => (message: string, _fields?: LogFields) => {
    lines.push(`${level}: ${message}`);
  };
  const log: Logger = {
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => log,
  };
  return log;
}

test('an own certificate that is revoked is used no more, and replaced at once with its key', async (t) => {
  const { clock, issuer, store } = await setUp({ concurrency: 1 });
  for (const one of [A, B]) store.retain(one);
  const [old, other] = await Promise.all([store.get(A, 'warm'), store.get(B, 'warm')]);
  t.same(issuer.asked, [A.id, B.id]);
  store.setTrustBundle(bundle([issuer.root], [await listOf(issuer.root, clock, old.serial)]));
  t.equal(store.peek(A), undefined, 'in that very turn');
  t.match(store.status(), [{ identity: A.id, state: 'Initializing', certChain: [] }, { state: 'Available' }]);
  const next = await store.get(A, 'connection');
  t.not(next.serial, old.serial);
  t.not(next.tls.options.key, old.tls.options.key);
  t.equal(store.peek(B)?.serial, other.serial, 'others keep theirs');
  t.same(issuer.asked, [A.id, B.id, A.id]);
  store.setTrustBundle(
    bundle([issuer.root], [await listOf(issuer.root, clock, old.serial), await listOf(issuer.root, clock)]),
  );
  t.equal(store.peek(A)?.serial, next.serial, 'and nothing happens when the next list names it too');
  await store.close();
  t.equal(clock.pending, 0);
});

test('while no other can be had, a revoked certificate is not used, and proxies still get the newest lists', async (t) => {
  const { clock, issuer, store } = await setUp();
  store.retain(A);
  const old = await store.get(A, 'warm');
  issuer.gate = async () => {
    throw new Error('connection refused');
  };
  store.setTrustBundle(bundle([issuer.root], [await listOf(issuer.root, clock, old.serial)]));
  await until(() => store.status()[0]?.lastError !== undefined);
  t.equal(store.peek(A), undefined);
  const versions: string[] = [];
  store.svidChanges.subscribe((svid) => versions.push(svid.tls.verifier.bundle.version));
  const newer = bundle([issuer.root], [await listOf(issuer.root, clock, old.serial, '0B')]);
  store.setTrustBundle(newer);
  t.same(versions, [newer.version]);
  issuer.gate = async () => undefined;
  const next = store.get(A, 'connection');
  await clock.advance(1_000);
  t.not((await next).serial, old.serial);
  await store.close();
  t.equal(clock.pending, 0);
});

test('a revoked certificate is neither saved nor taken from what was saved', async (t) => {
  const { clock, issuer, store } = await setUp();
  store.retain(A);
  const old = await store.get(A, 'warm');
  const saved = store.exportState();
  issuer.gate = async () => {
    throw new Error('connection refused');
  };
  store.setTrustBundle(bundle([issuer.root], [await listOf(issuer.root, clock, old.serial)]));
  t.match(store.exportState(), /"svids":\[\]/);
  await store.close();
  const later = await setUp({ clock });
  later.store.setTrustBundle(bundle([issuer.root], [await listOf(issuer.root, clock, old.serial)]));
  later.store.importState(saved);
  t.equal(later.store.peek(A), undefined);
  t.same(later.store.status(), [], 'nobody holds it');
  await later.store.close();
  t.equal(clock.pending, 0);
});

test('lists that are not renewed raise an alarm at three quarters of their life, and at its end', async (t) => {
  const lines: string[] = [];
  const { clock, issuer, store } = await setUp({ log: recordingLog(lines) });
  t.equal(store.revocationPeriod, undefined);
  store.setTrustBundle(bundle([issuer.root], [await listOf(issuer.root, clock, '0A')]));
  t.equal(store.revocationPeriod?.untilMs, clock.now() + 4 * HOUR_MS);
  await clock.advance(2 * HOUR_MS);
  store.setTrustBundle(bundle([issuer.root], [await listOf(issuer.root, clock, '0A')]));
  await clock.advance(3 * HOUR_MS - 1);
  t.same(lines, [], 'renewed ones raise none');
  await clock.advance(1);
  t.match(lines, ['error: revocation lists past three quarters of their life']);
  await clock.advance(HOUR_MS);
  t.match(lines[1], /^error: revocation lists expired/);
  await store.close();
  t.equal(clock.pending, 0);
});

test('a serial is known as revoked also when its certificate has expired', async (t) => {
  const { clock, issuer, store } = await setUp();
  const { serial } = await store.get(A, 'warm');
  const verifier = createPeerVerifier(bundle([issuer.root], [await listOf(issuer.root, clock, serial)]));
  t.ok(verifier.isRevoked(serial));
  t.notOk(verifier.isRevoked('0B'));
  t.notOk(createPeerVerifier(bundle([issuer.root])).isRevoked(serial));
  await store.close();
});

/** What a peer with a certificate that was just issued is judged as. */
async function issuedBy(authority: Authority) {
  const { csrPem } = await createSigningRequest(A);
  const issued = await authority.issue({ csrPem, identity: A });
  return { ...issued, chain: issued.chainPem.slice(0, -1).flatMap(parsePemCertificates) };
}

function verdict(chain: readonly Buffer[], trusted: TrustBundle, nowMs: number): string {
  try {
    return verifyPeer({ chain, bundle: trusted, expected: { trustDomain: 'cluster.local' }, nowMs }).id;
  } catch (error) {
    return error instanceof IdentityError ? error.code : String(error);
  }
}

test('with lists in force good peers are accepted for a month, through a rotation of the root', (t) =>
  withFolder(async (path) => {
    const clock = createFakeClock(Date.now());
    const authority = await openAuthority({
      trustDomain: 'cluster.local',
      directory: join(path, 'ca'),
      clock,
    });
    const revoked = await issuedBy(authority);
    await authority.revoke(revoked.serial);
    /** What a proxy holds that gets each bundle four hours late. */
    let late = authority.bundle();
    const versions = new Set<string>();
    let peer = await issuedBy(authority);
    const wrong: string[] = [];
    const look = (hour: number): void => {
      for (const [who, trusted] of Object.entries({ late, prompt: authority.bundle() })) {
        versions.add(trusted.version);
        const found = verdict(peer.chain, trusted, clock.now());
        if (found !== A.id) wrong.push(`${who} at hour ${hour}: ${found}`);
      }
    };
    for (let hour = 0; hour < 31 * 24; hour += 4) {
      if (hour === 240) await authority.addRoot();
      if (hour === 252) await authority.activateRoot(authority.roots().at(-1)?.name ?? '');
      if (hour === 300) await authority.removeRoot(authority.roots().at(-1)?.name ?? '');
      if (hour % 12 === 0) peer = await issuedBy(authority);
      look(hour);
      late = authority.bundle();
      await clock.advance(4 * HOUR_MS);
      // Signing happens outside of the fake clock's time.
      await new Promise((resolve) => setTimeout(resolve, 2));
      look(hour);
    }
    t.same(wrong, []);
    t.ok(versions.size >= 31 / 3.5 + 2, `${versions.size} bundles`);
    await authority.close();
    t.equal(clock.pending, 0);
  }));

test('without an authority certificates expire before the lists do', (t) =>
  withFolder(async (path) => {
    const clock = createFakeClock(Date.now());
    for (const maximumTtlMs of [HOUR_MS, DAY_MS, 30 * DAY_MS]) {
      const directory = join(path, String(maximumTtlMs));
      const authority = await openAuthority({ trustDomain: 'cluster.local', directory, clock, maximumTtlMs });
      await authority.revoke('0A');
      const { fromMs, untilMs } = createPeerVerifier(authority.bundle()).revocationPeriod ?? {
        fromMs: 0,
        untilMs: 0,
      };
      // Just before lists are renewed is the worst time to go.
      await clock.advance((untilMs - fromMs) / 2 - HOUR_MS);
      const peer = await issuedBy(authority);
      const last = authority.bundle();
      await authority.close();
      t.equal(verdict(peer.chain, last, peer.notAfterMs - 1), A.id);
      t.equal(verdict(peer.chain, last, peer.notAfterMs + 1_001), 'ERR_IDENTITY_PEER_EXPIRED');
      t.ok(untilMs - peer.notAfterMs > maximumTtlMs / 2, 'by a margin');
    }
  }));

test('revoking again changes nothing, and signing certificates are not revoked', (t) =>
  withFolder(async (path) => {
    const authority = await openAuthority({ trustDomain: 'cluster.local', directory: join(path, 'ca') });
    const first = await authority.revoke('00:0a:ff');
    t.match(first, { serial: 'AFF' });
    const { version } = authority.bundle();
    t.same(await authority.revoke('AFF'), first);
    t.equal(authority.bundle().version, version);
    t.same(authority.revoked(), [first]);
    for (const text of ['', 'not hex', '1'.repeat(41)])
      await t.rejects(authority.revoke(text), { code: 'ERR_IDENTITY_SERIAL' }, text);
    const { chainPem } = await issuedBy(authority);
    const [rootPem = ''] = chainPem.slice(-1);
    const { X509Certificate } = await import('node:crypto');
    const { serialNumber } = new X509Certificate(rootPem);
    await t.rejects(authority.revoke(serialNumber), { code: 'ERR_IDENTITY_SERIAL', hint: /rotate the root/ });
    await authority.close();
  }));

test('a timer that fires too early, or a list that could not be signed, is followed by another look', (t) =>
  withFolder(async (path) => {
    const fake = createFakeClock(Date.now());
    // As setTimeout and the system's clock may: a little before the time.
    const clock = { ...fake, after: (ms: number, act: () => void) => fake.after(Math.max(1, ms - 5), act) };
    const authority = await openAuthority({
      trustDomain: 'cluster.local',
      directory: join(path, 'ca'),
      clock,
      revocationListLifetimeMs: HOUR_MS,
    });
    await authority.revoke('0A');
    for (let minute = 0; minute < 6 * 60; minute++) {
      await fake.advance(60_000);
      const isFresh = (): boolean => {
        const period = createPeerVerifier(authority.bundle()).revocationPeriod;
        return (period?.untilMs ?? 0) >= fake.now() + HOUR_MS / 4;
      };
      // Signing takes real time, of which a minute of the fake clock has none.
      for (let wait = 0; !isFresh() && wait < 5_000; wait++)
        await new Promise((resolve) => setTimeout(resolve, 2));
      if (!isFresh()) t.fail(`lists nearly at their end in minute ${minute}`);
    }
    await authority.close();
    t.equal(fake.pending, 0);
  }));
