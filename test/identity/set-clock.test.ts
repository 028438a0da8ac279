import { test } from 'tap';
import { createSvidStore } from '../../src/identity/index.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { A } from './support/certificates.ts';
import { until } from './support/live-mesh.ts';
import { createMemoryIssuer } from './support/memory-issuer.ts';

const HOUR_MS = 3_600_000;
const TTL_MS = 24 * HOUR_MS;

async function setUp(ttlMs = TTL_MS) {
  const clock = createFakeClock();
  const issuer = await createMemoryIssuer(clock);
  const store = createSvidStore({ issue: issuer.issue, ttlMs, clock, random: () => 0.5 });
  const serials: string[] = [];
  store.svidChanges.subscribe((svid) => serials.push(svid.serial));
  return { clock, issuer, store, serials };
}

test('a certificate that ended while the machine slept is renewed within a minute, though nobody asks for it', async (t) => {
  const { clock, store, serials } = await setUp();
  store.retain(A);
  await until(() => serials.length === 1);
  clock.set(25 * HOUR_MS);
  t.equal(store.peek(A), undefined);
  await clock.advance(60_000);
  await until(() => serials.length === 2);
  t.equal(store.peek(A)?.serial, serials[1]);
  await store.close();
  t.equal(clock.pending, 0);
});

test('the time of renewal is the one of the clock, also when that was set by less than a life', async (t) => {
  const { clock, issuer, store, serials } = await setUp();
  store.retain(A);
  await until(() => serials.length === 1);
  clock.set(-HOUR_MS);
  await clock.advance(12 * HOUR_MS + 60_000);
  t.equal(issuer.asked.length, 1, 'it has an hour more than the timer knew');
  clock.set(HOUR_MS);
  await clock.advance(60_000);
  await until(() => serials.length === 2);
  await store.close();
});

test('where the clock is set back before the certificate begins, another is asked for, and it is used until then', async (t) => {
  const ttlMs = 600_000;
  const { clock, issuer, store, serials } = await setUp(ttlMs);
  store.retain(A);
  await until(() => serials.length === 1);
  // The issuer of this test dates back by half of the life.
  clock.set(-ttlMs / 2 - 120_000);
  // As it is where this clock alone goes wrong: what the authority issues then cannot be used either.
  issuer.gate = async () => {
    throw new Error('it is not valid yet');
  };
  await clock.advance(60_000);
  await until(() => /not valid yet/.test(store.status()[0]?.lastError ?? ''));
  t.equal(store.peek(A)?.serial, serials[0]);
  issuer.gate = async () => undefined;
  await clock.advance(10_000);
  await until(() => serials.length === 2);
  t.equal(store.peek(A)?.serial, serials[1]);
  await store.close();
});

test('a clock that is set back does not make those wait who ask after a failure', async (t) => {
  const { clock, issuer, store } = await setUp();
  issuer.gate = async () => {
    throw new Error('connection refused');
  };
  store.retain(A);
  await until(() => issuer.running === 0 && /refused/.test(store.status()[0]?.lastError ?? ''));
  clock.set(-HOUR_MS);
  issuer.gate = async () => undefined;
  const svid = store.get(A, 'connection');
  await clock.advance(500);
  t.equal((await svid).identity, A);
  await store.close();
});
