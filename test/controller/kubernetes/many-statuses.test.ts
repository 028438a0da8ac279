import { test } from 'tap';
import { startReplica, until } from './replica.ts';
import { connected } from './support.ts';

const POLICIES = 300;

test('a leader with hundreds of statuses to write goes on renewing its Lease, and loses it to nobody', async (t) => {
  const { fake, kubeconfig } = await connected(t);
  fake.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  for (let index = 0; index < POLICIES; index++)
    fake.put({
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { namespace: 'shop', name: `policy-${index}`, generation: 1 },
      spec: { rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] },
    });
  const replica = await startReplica(t, kubeconfig, { instance: 'a' });
  const lost: boolean[] = [];
  const wrote = (): number =>
    fake.requests.filter(
      ({ verb, resource }) => verb === 'patch' && resource.startsWith('authorizationpolicies.'),
    ).length;
  await until('leading', () => replica.cluster.leadership.leading);
  replica.cluster.leadership.changes.subscribe((leading) => void lost.push(leading));
  await until('the first status', () => wrote() > 0);
  const first = fake.requests.length;
  await until('the last status', () => wrote() >= POLICIES);
  const renewals = fake.requests
    .slice(first)
    .filter(({ resource, verb }) => resource.startsWith('leases.') && verb === 'update').length;
  t.ok(renewals >= 2, `${renewals} renewals meanwhile`);
  t.same(lost, []);
  await replica.stop();
});
