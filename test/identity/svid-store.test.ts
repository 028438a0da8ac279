import { inspect } from 'node:util';
import { test } from 'tap';
import { MeshError } from '../../src/base/index.ts';
import { createSvidStore, type SvidStoreOptions } from '../../src/identity/index.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { A, B, bundle, identity, makeRoot } from './support/certificates.ts';
import { until } from './support/live-mesh.ts';
import { createMemoryIssuer, type MemoryIssuer } from './support/memory-issuer.ts';

const TTL_MS = 100_000;

async function setUp(options: Partial<SvidStoreOptions> = {}) {
  const clock = createFakeClock();
  const issuer = await createMemoryIssuer(clock);
  const store = createSvidStore({ issue: issuer.issue, ttlMs: TTL_MS, clock, random: () => 0.5, ...options });
  return { clock, issuer, store };
}

// Keys and signatures are made outside of the fake clock's time: `until` waits for them in real time.
const idle = (issuer: MemoryIssuer, clock: FakeClock) => async () => {
  await clock.advance(0);
  await until(() => issuer.running === 0);
};

test('the first get fetches a certificate, which all later ones share with its context', async (t) => {
  const { issuer, store, clock } = await setUp();
  const [one, two] = await Promise.all([store.get(A, 'connection'), store.get(A, 'warm')]);
  t.equal(one, two);
  t.equal(one.tls.context, (await store.get(A, 'connection')).tls.context);
  t.equal(store.peek(A), one);
  t.equal(store.peek(B), undefined);
  t.same(issuer.asked, [A.id], 'one fetch in flight per identity');
  t.equal(one.receivedAtMs, clock.now());
  t.equal(one.notAfterMs, clock.now() + TTL_MS);
  await store.close();
  t.equal(clock.pending, 0);
});

test('a private key is not in what gets logged or dumped of an SVID', async (t) => {
  const { store } = await setUp();
  const svid = await store.get(A, 'connection');
  t.notMatch(inspect(svid, { depth: 9 }), /PRIVATE KEY/);
  t.notMatch(JSON.stringify(svid), /PRIVATE KEY/);
  t.notMatch(JSON.stringify(store.status()), /PRIVATE KEY/);
  await store.close();
});

test('a certificate that is held is renewed at half of its life, again and again', async (t) => {
  const { clock, issuer, store } = await setUp();
  const release = store.retain(A);
  const serials: string[] = [];
  store.svidChanges.subscribe((svid) => serials.push(svid.serial));
  await until(() => serials.length === 1);
  await clock.advance(TTL_MS / 2 - 1);
  t.equal(issuer.asked.length, 1);
  for (const round of [2, 3, 4]) {
    await clock.advance(round === 2 ? 1 : TTL_MS / 2);
    await until(() => serials.length === round);
  }
  t.equal(new Set(serials).size, 4);
  release();
  release();
  t.equal(store.peek(A), undefined, 'and forgotten when the last holder leaves');
  t.same(store.status(), []);
  t.equal(clock.pending, 0);
  await store.close();
});

test('a certificate that nobody holds is not renewed, and forgotten when it expires', async (t) => {
  const { clock, issuer, store } = await setUp();
  await store.get(A, 'connection');
  await clock.advance(TTL_MS - 1);
  t.ok(store.peek(A));
  await clock.advance(2);
  t.same(store.status(), []);
  t.equal(issuer.asked.length, 1);
  t.equal(clock.pending, 0);
  await store.close();
});

test('the old certificate is kept until expiry while renewals fail, with an alarm, and refused after', async (t) => {
  const { clock, issuer, store } = await setUp({ attemptTimeoutMs: 1e9 });
  const release = store.retain(A);
  await until(() => store.peek(A) !== undefined);
  issuer.gate = async () => {
    throw new Error('connection refused');
  };
  await clock.advance(TTL_MS / 2 + 1);
  const settle = idle(issuer, clock);
  for (let step = 0; step < 20; step++) {
    await settle();
    await new Promise((resolve) => setTimeout(resolve, 3));
    await clock.advance(1000);
  }
  t.ok(
    issuer.asked.length >= 2 && issuer.asked.length <= 8,
    `pauses grow: ${issuer.asked.length} attempts in 20 s`,
  );
  t.ok(store.peek(A), 'still usable');
  t.match(store.status(), [{ state: 'Available', alarm: false, lastError: 'connection refused' }]);
  await clock.advance(6000);
  t.match(store.status(), [{ state: 'Available', alarm: true }]);
  await clock.advance(TTL_MS / 4);
  t.equal(store.peek(A), undefined);
  const waiting = t.rejects(store.get(A, 'connection'), {
    code: 'ERR_IDENTITY_SVID_UNAVAILABLE',
    retryable: true,
    cause: { message: 'connection refused' },
  });
  const asked = issuer.asked.length;
  await until(() => issuer.asked.length > asked && issuer.running === 0);
  await clock.advance(10_001);
  await waiting;
  t.match(store.status(), [{ certChain: [] }]);
  issuer.gate = async () => undefined;
  const recovered = store.get(A, 'connection');
  await clock.advance(1000);
  t.ok(await recovered, 'a waiting connection does not sit out the long pause');
  t.match(store.status(), [{ state: 'Available', alarm: false, lastError: undefined }]);
  release();
  await store.close();
});

test('a waiting connection shortens the pause after a failure, but not below half a second', async (t) => {
  const { clock, issuer, store } = await setUp({ attemptTimeoutMs: 1e9 });
  issuer.gate = async () => {
    throw new Error('connection refused');
  };
  const failed = (attempts: number) =>
    until(
      () =>
        /refused/.test(store.status()[0]?.lastError ?? '') &&
        issuer.asked.length === attempts &&
        issuer.running === 0,
    );
  store.retain(A);
  await failed(1);
  for (const [attempts, pauseMs] of [
    [2, 500],
    [3, 1000],
    [4, 2000],
  ] as const) {
    await clock.advance(pauseMs);
    await failed(attempts);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  issuer.gate = async () => undefined;
  const svid = store.get(A, 'connection');
  await clock.advance(499);
  t.equal(issuer.asked.length, 4);
  await clock.advance(1);
  t.equal((await svid).identity, A);
  await store.close();
  t.equal(clock.pending, 0);
});

test('what the authority refuses for good is told at once to those who wait', async (t) => {
  const { clock, issuer, store } = await setUp();
  issuer.gate = async () => {
    throw new MeshError({ code: 'ERR_WIRE_X', blame: 'upstream', message: 'not on your node' });
  };
  await t.rejects(store.get(A, 'connection'), {
    code: 'ERR_IDENTITY_SVID_REFUSED',
    cause: { message: 'not on your node' },
  });
  t.same(store.status(), [], 'and nothing is left of it');
  t.equal(clock.pending, 0);
  await store.close();
});

test('a certificate of another identity or key is not accepted', async (t) => {
  const { issuer, store } = await setUp();
  issuer.impersonate = B;
  await t.rejects(store.get(A, 'connection'), {
    cause: { code: 'ERR_IDENTITY_ISSUED', message: /sa\/a, got one of .*sa\/b/ },
  });
  issuer.impersonate = undefined;
  const other = createSvidStore({
    issue: async (request) => {
      const honest = await issuer.issue(request);
      const foreign = await store.get(A, 'connection');
      return { chainPem: [foreign.chainPem[0] ?? '', honest.chainPem[1] ?? ''] };
    },
    clock: createFakeClock(),
  });
  await t.rejects(other.get(A, 'connection'), {
    cause: { code: 'ERR_IDENTITY_ISSUED', message: /key in the request/ },
  });
  await store.close();
  await other.close();
});

test('a connection that waits goes first, then warm identities, and only so many fetches run at once', async (t) => {
  const { issuer, store } = await setUp({ concurrency: 2 });
  const gates: (() => void)[] = [];
  issuer.gate = () => new Promise((resolve) => gates.push(resolve));
  const many = (kind: string, count: number) =>
    Array.from({ length: count }, (_, index) => identity(`spiffe://cluster.local/ns/x/sa/${kind}${index}`));
  const first = many('first', 2).map((one) => store.get(one, 'background'));
  await until(() => gates.length === 2);
  const later = [
    ...many('background', 2).map((one) => store.get(one, 'background')),
    ...many('warm', 2).map((one) => store.get(one, 'warm')),
    ...many('connection', 2).map((one) => store.get(one, 'connection')),
  ];
  const promoted = store.get(identity('spiffe://cluster.local/ns/x/sa/background1'), 'connection');
  for (let answered = 0; answered < 8; answered++) {
    await until(() => gates.length > answered);
    gates[answered]?.();
  }
  await Promise.all([...first, ...later, promoted]);
  t.same(
    issuer.asked.slice(2).map((id) => id.split('/').at(-1)),
    ['connection0', 'connection1', 'background1', 'warm0', 'warm1', 'background0'],
  );
  t.equal(issuer.mostRunning, 2);
  await store.close();
});

test('whoever stops waiting takes the fetch along when nobody else wants it', async (t) => {
  const { clock, issuer, store } = await setUp();
  let aborted = false;
  issuer.gate = (_identity, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        aborted = true;
        reject(signal.reason);
      });
    });
  const controller = new AbortController();
  const waiting = store.get(A, 'connection', controller.signal);
  await until(() => issuer.running === 1);
  controller.abort(new Error('client went away'));
  await t.rejects(waiting, { message: 'client went away' });
  t.ok(aborted);
  t.same(store.status(), []);
  const second = store.get(A, 'connection');
  await until(() => issuer.running === 1);
  await store.close();
  await t.rejects(second, { code: 'ERR_IDENTITY_CLOSED' });
  await t.rejects(store.get(A, 'connection'), { code: 'ERR_IDENTITY_CLOSED' });
  t.throws(() => store.retain(A), { code: 'ERR_IDENTITY_CLOSED' });
  t.equal(clock.pending, 0);
});

test('a new trust bundle reaches every certificate at once, and renews those under another root', async (t) => {
  const { clock, issuer, store } = await setUp();
  store.retain(A);
  const before = await store.get(A, 'connection');
  const other = await makeRoot('CN=other', {
    notBeforeMs: clock.now() - 1000,
    notAfterMs: clock.now() + 1e9,
  });
  const seen: string[] = [];
  store.trustChanges.subscribe((trusted) => seen.push(`bundle ${trusted.rootsPem.length}`));
  store.svidChanges.subscribe((svid) => seen.push(svid.serial === before.serial ? 'same' : 'renewed'));
  store.setTrustBundle(bundle([issuer.root, other]));
  store.setTrustBundle(bundle([issuer.root, other]));
  t.same(seen, ['bundle 2', 'same']);
  const after = store.peek(A);
  t.not(after?.tls.context, before.tls.context);
  t.equal(after?.tls.verifier.bundle, store.trustBundle);
  await clock.advance(10_000);
  t.equal(issuer.asked.length, 1, 'under the first root there is nothing to renew');
  store.setTrustBundle(bundle([other, issuer.root]));
  await clock.advance(10_000);
  await until(() => seen.includes('renewed'));
  t.same(seen.slice(2), ['bundle 2', 'same', 'renewed']);
  t.throws(() => store.setTrustBundle({ ...bundle([]), rootsPem: ['damaged'], version: 'x' }), {
    code: 'ERR_IDENTITY_PEM',
  });
  t.equal(store.trustBundle?.rootsPem.length, 2, 'a damaged bundle changes nothing');
  await store.close();
});

test('a store goes on with what another one exported, without asking anybody', async (t) => {
  const { clock, issuer, store } = await setUp();
  store.setTrustBundle(bundle([issuer.root]));
  const a = await store.get(A, 'connection');
  await clock.advance(10_000);
  await store.get(B, 'connection');
  const saved = store.exportState();
  await store.close();
  const asked = issuer.asked.length;
  await clock.advance(TTL_MS - 15_000);
  const next = createSvidStore({ issue: issuer.issue, ttlMs: TTL_MS, clock });
  t.equal(next.importState(saved), 2);
  t.equal(next.peek(A)?.serial, a.serial);
  t.equal(next.peek(A)?.receivedAtMs, a.receivedAtMs);
  t.equal(next.trustBundle?.version, bundle([issuer.root]).version);
  t.equal(issuer.asked.length, asked);
  next.retain(A);
  await until(() => next.peek(A)?.serial !== a.serial);
  t.equal(issuer.asked.length, asked + 1, 'what is overdue and held is renewed at once');
  await clock.advance(20_000);
  t.equal(next.peek(B), undefined);
  const late = createSvidStore({ issue: issuer.issue, clock });
  t.equal(late.importState(saved), 0, 'what has expired is left out');
  t.throws(() => late.importState('{"version":1,"svids":[{}]}'), { code: 'ERR_IDENTITY_STATE' });
  t.throws(() => late.importState('damaged'), { code: 'ERR_IDENTITY_STATE' });
  await next.close();
  await late.close();
  t.equal(clock.pending, 0);
});

test('status has the shape that istioctl reads', async (t) => {
  const { store } = await setUp();
  const svid = await store.get(A, 'connection');
  const [status] = store.status();
  t.match(status, { identity: A.id, state: 'Available' });
  const [leaf] = status?.certChain ?? [];
  t.equal(Buffer.from(leaf?.pem ?? '', 'base64').toString(), svid.chainPem[0]);
  t.equal(
    BigInt(leaf?.serialNumber ?? 0)
      .toString(16)
      .toUpperCase(),
    svid.serial,
  );
  t.match(leaf?.expirationTime, /^2030-01-01T00:01:40Z$/);
  t.equal(status?.rootCerts.length, 1);
  await store.close();
});
