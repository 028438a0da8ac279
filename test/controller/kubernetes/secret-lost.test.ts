import { type Test, test } from 'tap';
import { createSignal, silentLogger, systemClock } from '../../../src/base/index.ts';
import { createSecretFiles } from '../../../src/controller/authority/index.ts';
import { type KubernetesApi, resourceType } from '../../../src/controller/kubernetes/index.ts';
import { type Authority, openAuthority } from '../../../src/identity/index.ts';
import { until } from './replica.ts';
import { connected } from './support.ts';

const PLACE = { namespace: 'nodemesh-system', name: 'nodemesh-authority' };
const SECRET = { ...PLACE, resource: resourceType('v1', 'secrets', true) };

/** The authority as one replica has it, which looks for what others wrote all the time. */
async function replica(t: Test, api: KubernetesApi): Promise<Authority> {
  const news = { heard: createSignal<string>(), tell: () => undefined };
  const shared = { api, clock: systemClock, log: silentLogger };
  const files = createSecretFiles({ ...shared, ...PLACE, everyMs: 50, news });
  const authority = await openAuthority({ files, trustDomain: 'cluster.local', maximumTtlMs: 60_000 });
  t.teardown(async () => {
    await authority.close();
    await files.close();
  });
  return authority;
}

test('a Secret of the authority that is deleted is there again, with its keys and what was revoked', async (t) => {
  const { fake, api } = await connected(t);
  const [a] = [await replica(t, api), await replica(t, api)];
  await a.revoke('1A0B0C0D');
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
