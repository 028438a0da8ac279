import { test } from 'tap';
import { createSigningRequest, createSvidStore } from '../../../src/identity/index.ts';
import { workloadIdentity } from '../../../src/model/index.ts';
import { runController } from '../support/running-controller.ts';

const pod = (account: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: account, namespace: 'shop', uid: `uid-${account}` },
  spec: { nodeName: 'node-1', serviceAccountName: account, containers: [] },
  status: { phase: 'Running', podIP: '10.244.1.2' },
});
const identity = (serviceAccount: string) =>
  workloadIdentity({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount });

test('a node proxy over its limit hears so, asks again by itself, and others notice nothing', async (t) => {
  const accounts = ['a', 'b', 'c'];
  const running = await runController(t, {
    objects: Object.fromEntries(accounts.map((account) => [account, pod(account)])),
    config: { limits: { certificateBurst: 2, certificatesPerSecond: 4 } },
  });
  const client = running.client();
  const { csrPem } = await createSigningRequest(identity('a'));
  const request = { csrPem, ttlMs: 0, impersonated: identity('a') };
  // All at once: one after the other they might be slow enough for the limit.
  const asked = Array.from({ length: 12 }, () => client.createCertificate(request));
  const outcomes = await Promise.allSettled(asked);
  t.ok(outcomes.filter(({ status }) => status === 'fulfilled').length >= 2, 'the burst is let through');
  t.match(
    outcomes.find(({ status }) => status === 'rejected'),
    {
      reason: {
        code: 'ERR_WIRE_EXHAUSTED',
        message: /RESOURCE_EXHAUSTED: .*the node proxy of node-1 asks for more than 4 certificates a second/,
        retryable: true,
      },
    },
  );
  const other = running.client(() => running.token({ node: '', namespace: 'shop', account: 'x', pod: '' }));
  const own = await createSigningRequest(identity('x'));
  await other.createCertificate({ csrPem: own.csrPem, ttlMs: 0, impersonated: undefined });

  const view = await running.connect('node-1');
  const store = createSvidStore({
    issue: ({ csrPem: csr, identity: impersonated, ttlMs, signal }) =>
      client.createCertificate({ csrPem: csr, ttlMs, impersonated }, signal),
  });
  t.teardown(() => store.destroy());
  for (const bundle of view.bundles.values()) store.setTrustBundle(bundle);
  const svids = await Promise.all(accounts.map((account) => store.get(identity(account), 'connection')));
  t.equal(svids.length, 3, 'all of them in the end');
  const metrics = await (await fetch(running.adminUrl('/metrics'))).text();
  t.match(metrics, /nodemesh_controller_refused_calls_total\{call="certificate",limit="caller"\} [1-9]/);
  t.match(metrics, /nodemesh_controller_streams 1/);
});
