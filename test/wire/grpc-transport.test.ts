import { test } from 'tap';
import { workloadIdentity } from '../../src/model/index.ts';
import { ADDRESS_TYPE, type XdsResource } from '../../src/xds/index.ts';
import { recordingClient, startTestController } from './support/controller.ts';

const resource = (name: string, content: string): XdsResource => ({
  name,
  version: content,
  aliases: [],
  bytes: Buffer.from(content),
});
const identity = (namespace: string) =>
  workloadIdentity({ trustDomain: 'cluster.local', namespace, serviceAccount: 'default' });

test('resources travel over TLS, change, go, and are acknowledged', async (t) => {
  const controller = await startTestController();
  const addresses = controller.deltaServer.cache(ADDRESS_TYPE);
  addresses.apply({ upserts: [resource('a', 'first'), resource('b', 'other')] });
  const grpcClient = controller.client();
  const { client, updates, reached } = recordingClient(grpcClient);
  client.start();
  await client.ready;
  t.same(updates[0], {
    upserts: [
      { name: 'a', resource: 'first' },
      { name: 'b', resource: 'other' },
    ],
    removed: [],
    failed: [],
  });
  const change = addresses.apply({ upserts: [resource('a', 'second')], removed: ['b'] });
  t.equal(await controller.deltaServer.acknowledged(change, { timeoutMs: 5000 }), true);
  await reached(2);
  t.same(updates[1], { upserts: [{ name: 'a', resource: 'second' }], removed: ['b'], failed: [] });
  const [proxy] = controller.deltaServer.proxies();
  t.match(proxy, { id: 'node-1', types: [{ typeUrl: ADDRESS_TYPE, state: 'synced', wildcard: true }] });
  await client.close();
  await grpcClient.close();
  await controller.close();
});

test('certificates and reports are answered for the caller that the token stands for', async (t) => {
  const controller = await startTestController();
  const grpcClient = controller.client();
  const request = { csrPem: 'a CSR', ttlMs: 3_600_000, impersonated: identity('shop') };
  t.same(await grpcClient.createCertificate(request), { chainPem: ['a CSR', 'node-1', 'shop', '3600000'] });
  const report = { node: 'node-1', generation: 3, pods: [] };
  t.same(await grpcClient.reportNode(report), { acknowledged: true });
  await t.rejects(grpcClient.createCertificate({ ...request, impersonated: identity('forbidden') }), {
    code: 'ERR_WIRE_PERMISSION_DENIED',
    message: /node-1 has no pod in forbidden/,
    retryable: false,
  });
  await t.rejects(grpcClient.createCertificate({ ...request, csrPem: '' }), {
    code: 'ERR_WIRE_INVALID_REQUEST',
    message: /csr: expected text/,
  });
  await grpcClient.close();
  await controller.close();
});
