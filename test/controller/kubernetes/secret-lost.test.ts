import { type Test, test } from 'tap';
import { type Clock, createSignal, silentLogger, systemClock } from '../../../src/base/index.ts';
import { createSecretFiles } from '../../../src/controller/authority/index.ts';
import { type KubernetesApi, resourceType } from '../../../src/controller/kubernetes/index.ts';
import { type Authority, openAuthority } from '../../../src/identity/index.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { until } from './replica.ts';
import { connected } from './support.ts';

const PLACE = { namespace: 'nodemesh-system', name: 'nodemesh-authority' };
const EVERY_MS = 50;
const SECRET = { ...PLACE, resource: resourceType('v1', 'secrets', true) };

/** The authority as one replica has it, which looks for what others wrote all the time. */
async function replica(t: Test, api: KubernetesApi, clock: Clock = systemClock): Promise<Authority> {
  const news = { heard: createSignal<string>(), tell: () => undefined };
  const files = createSecretFiles({ api, clock, log: silentLogger, ...PLACE, everyMs: EVERY_MS, news });
  const authority = await openAuthority({ files, trustDomain: 'cluster.local', maximumTtlMs: 60_000 });
  t.teardown(async () => {
    await authority.close();
    await files.close();
  });
  return authority;
}

test('a Secret of the authority that is deleted is there again, with its keys and what was revoked', async (t) => {
  const { fake, api } = await connected(t);
  const [a, b] = [await replica(t, api), await replica(t, api)];
  await a.revoke('1A0B0C0D');
  await until('the other one knows', () => b.revoked().length === 1);
  const before = await api.get(SECRET);
  fake.remove('Secret', PLACE.namespace, PLACE.name);
  await until('it is there again', () => fake.get('Secret', PLACE.namespace, PLACE.name) !== undefined);
  t.same((await api.get(SECRET)).data, before.data, 'as it was');
  const late = await replica(t, api);
  t.same(
    late.revoked().map(({ serial }) => serial),
    ['1A0B0C0D'],
    'who starts later refuses whoever was revoked',
  );
  await late.addRoot();
  await until('the others hear of what it does', () => a.roots().length === 2);
});

test('who wrote last is the first to write it again, and another does where that one has gone', async (t) => {
  const { fake, api } = await connected(t);
  const clocks = { a: createFakeClock(), b: createFakeClock() };
  const [a] = [await replica(t, api, clocks.a), await replica(t, api, clocks.b)];
  // Of which the other one has not heard when the Secret goes.
  await a.revoke('1A0B0C0D');
  const before = (await api.get(SECRET)).data;
  const isThere = (): boolean => fake.get('Secret', PLACE.namespace, PLACE.name) !== undefined;
  fake.remove('Secret', PLACE.namespace, PLACE.name);
  await looks(clocks.b, 2);
  t.notOk(isThere(), 'the other one lets it go first');
  await looks(clocks.a, 2);
  t.same((await api.get(SECRET)).data, before, 'with what was revoked');
  await looks(clocks.b, 1);
  fake.remove('Secret', PLACE.namespace, PLACE.name);
  await looks(clocks.b, 3);
  t.same((await api.get(SECRET)).data, before);
});

test('a Secret that is emptied is filled again', async (t) => {
  const { fake, api } = await connected(t);
  const authority = await replica(t, api);
  await authority.revoke('1A0B0C0D');
  const before = await api.get(SECRET);
  const stands = fake.get('Secret', PLACE.namespace, PLACE.name);
  fake.put({ ...stands, kind: 'Secret', metadata: PLACE, data: {} });
  await until('its record is there', () => {
    const found = fake.get('Secret', PLACE.namespace, PLACE.name);
    return 'authority.json' in Object(found?.data);
  });
  t.same((await api.get(SECRET)).data, before.data);
});

test('another one in its place is taken, as ever', async (t) => {
  const { fake, api } = await connected(t);
  const authority = await replica(t, api);
  const before = fake.get('Secret', PLACE.namespace, PLACE.name);
  await authority.revoke('1A0B0C0D');
  fake.remove('Secret', PLACE.namespace, PLACE.name);
  fake.put({ ...before, kind: 'Secret', metadata: PLACE });
  await until('the restored one holds', () => authority.revoked().length === 0);
});

/** Lets a replica look that many times, each to its end. */
async function looks(clock: FakeClock, count: number): Promise<void> {
  for (let look = 0; look < count; look++) {
    await clock.advance(EVERY_MS);
    await until('it has looked', () => clock.pending === 1);
  }
}
