import { type Test, test } from 'tap';
import { silentLogger, systemClock } from '../../../src/base/index.ts';
import { createRecordNews, createSecretFiles } from '../../../src/controller/authority/index.ts';
import type { KubernetesApi } from '../../../src/controller/kubernetes/index.ts';
import { createKubernetesSource } from '../../../src/controller/sources/index.ts';
import { openAuthority } from '../../../src/identity/index.ts';
import { until } from './replica.ts';
import { connected } from './support.ts';

const PLACE = { namespace: 'nodemesh-system', name: 'nodemesh-authority' };
const ROOTS = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...PLACE, name: 'nodemesh-root-cert' } };

/** The authority as one replica has it. It looks for what others wrote once an hour, so it has to hear of it. */
async function replica(t: Test, api: KubernetesApi) {
  const source = createKubernetesSource({ api, kinds: ['ConfigMap'] });
  const shared = { api, clock: systemClock, log: silentLogger };
  const news = createRecordNews({ ...shared, ...PLACE, name: ROOTS.metadata.name, source });
  const files = createSecretFiles({ ...shared, ...PLACE, everyMs: 3_600_000, news });
  await source.start();
  const authority = await openAuthority({ files, trustDomain: 'cluster.local', maximumTtlMs: 60_000 });
  t.teardown(async () => {
    await authority.close();
    await files.close();
    news.stop();
    await source.close();
  });
  return authority;
}

const serialsOf = ({ revoked }: { revoked(): readonly { readonly serial: string }[] }): readonly string[] =>
  revoked().map(({ serial }) => serial);

test('a revocation at one replica is one at the others, without their looking for it', async (t) => {
  const { fake, api } = await connected(t);
  fake.put(ROOTS);
  const [a, b, c] = [await replica(t, api), await replica(t, api), await replica(t, api)];
  const reads = (): number =>
    fake.requests.filter(({ verb, resource }) => verb === 'get' && resource === 'secrets').length;
  await a.revoke('1A0B0C0D');
  await until('both know', () => [b, c].every((other) => serialsOf(other).includes('1A0B0C0D')));
  await b.revoke('1E0F0A0B');
  await until('all know both', () => [a, c].every((other) => serialsOf(other).length === 2));

  const before = reads();
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.equal(reads(), before, 'nobody goes on reading');
  fake.put({ ...ROOTS, data: { 'root-cert.pem': 'another' } });
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.equal(reads(), before, 'a change of the ConfigMap alone is no news');
});

test('where there is no ConfigMap to tell by, what is written is written', async (t) => {
  const { api } = await connected(t);
  const authority = await replica(t, api);
  await authority.revoke('1A0B0C0D');
  t.same(serialsOf(authority), ['1A0B0C0D']);
});
