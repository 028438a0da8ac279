import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'tap';
import { createSignal, describeError } from '../../../src/base/index.ts';
import { createSvidStore } from '../../../src/identity/index.ts';
import { createGrpcClient, trustBundleCodec } from '../../../src/wire/index.ts';
import { createDeltaClient, resourceSubscription, TRUST_BUNDLE_TYPE } from '../../../src/xds/index.ts';
import { A, B } from '../../identity/support/certificates.ts';
import { dial, dialLoop, startServer } from '../../identity/support/live-mesh.ts';
import { makeMaterial } from '../../identity/support/plugged-material.ts';
import { nodeTokens, until } from './replica.ts';
import { startForwarder } from './service-forwarder.ts';
import { connected } from './support.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function controllerProcess(kubeconfig: string, instance: string, port: number): ChildProcess {
  return spawn(
    process.execPath,
    [
      ...['src/cli/main.ts', 'controller', '--kubernetes', '--kubeconfig', kubeconfig],
      ...['--instance', instance, '--listen', `127.0.0.1:${port}`, '--server-name', 'localhost'],
      ...['--dashboard-address', 'none', '--root-overlap', '3s', '--svid-ttl', '8s', '--log-level', 'warn'],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
}

test('the leader is killed, and the authority replaced, under load without one failed connection', async (t) => {
  const { fake, kubeconfig } = await connected(t);
  nodeTokens(fake, ['node-1']);
  fake.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  for (const name of ['a', 'b']) {
    fake.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'shop', name, uid: `uid-${name}` },
      spec: { serviceAccountName: name, nodeName: 'node-1' },
      status: { phase: 'Running' },
    });
  }
  const ports = [await freePort(), await freePort()];
  const processes = new Map(
    ports.map((port, index) => [`c${index}`, controllerProcess(kubeconfig, `c${index}`, port)]),
  );
  // Also when something fails on the way.
  t.teardown(() => {
    for (const process of processes.values()) process.kill('SIGKILL');
  });
  const service = await startForwarder(ports);
  t.teardown(() => service.close());
  const holder = (): string =>
    String(
      (fake.get('Lease', 'nodemesh-system', 'nodemesh-controller')?.spec as { holderIdentity?: string })
        ?.holderIdentity ?? '',
    );
  const rootsPem = (): string =>
    (
      fake.get('ConfigMap', 'nodemesh-system', 'nodemesh-root-cert')?.data as
        | Record<string, string>
        | undefined
    )?.['root-cert.pem'] ?? '';
  await until('a leader and its roots', () => holder() !== '' && rootsPem() !== '');

  const changes = createSignal<void>();
  const unsubscribe = fake.store.subscribe(({ resource }) => {
    if (resource === 'configmaps') changes.emit();
  });
  const client = createGrpcClient({
    address: service.address,
    serverName: 'localhost',
    roots: { read: async () => rootsPem(), changes },
    token: async () => 'node/node-1',
    clusterId: 'Kubernetes',
  });
  const refused: string[] = [];
  const store = createSvidStore({
    async issue({ csrPem, identity, ttlMs, signal }) {
      try {
        return await client.createCertificate({ csrPem, ttlMs, impersonated: identity }, signal);
      } catch (error) {
        if ((error as { code?: string }).code !== 'ERR_WIRE_UNAVAILABLE') refused.push(describeError(error));
        throw error;
      }
    },
    ttlMs: 8_000,
    renewalSpreadMs: 200,
  });
  const bundles: number[] = [];
  const delta = createDeltaClient({
    transport: client.xdsTransport,
    node: { id: 'ztunnel~127.0.0.1~node-1', metadata: {} },
    types: [
      resourceSubscription({
        typeUrl: TRUST_BUNDLE_TYPE,
        decode: trustBundleCodec.decode,
        onUpdate({ upserts }) {
          for (const { resource } of upserts) {
            bundles.push(resource.rootsPem.length);
            store.setTrustBundle(resource);
          }
          return undefined;
        },
      }),
    ],
  });
  delta.start();
  await delta.ready;
  for (const one of [A, B]) store.retain(one);
  const server = await startServer(store, B);
  const loops = [9, 13].map((pauseMs) => dialLoop(() => dial(store, A, B, server.port), pauseMs));
  await until('a rotation', () => server.rotations >= 1);

  const leader = holder().split('_')[0] ?? '';
  processes.get(leader)?.kill('SIGKILL');
  const tookMs = await until('another leader', () => holder() !== '' && !holder().startsWith(leader));
  t.ok(tookMs < 15_000, `another leads after ${tookMs} ms`);

  const before = rootsPem();
  const next = makeMaterial({ name: 'next', key: 'rsa' });
  const texts = {
    'ca-cert.pem': next.certificatePem,
    'ca-key.pem': next.keyPem,
    'cert-chain.pem': next.chainPem,
    'root-cert.pem': next.rootsPem,
  };
  fake.put({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'nodemesh-system', name: 'nodemesh-ca' },
    data: Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
    ),
  });
  await until('the new root signs', () => rootsPem() === `${next.rootsPem}${before}`);
  await until('the old root is gone', () => rootsPem() === next.rootsPem);
  const rotations = server.rotations;
  await until('a rotation', () => server.rotations > rotations);

  const results = await Promise.all(loops.map((loop) => loop.stop()));
  t.same(results.flatMap(({ failures }) => failures).map(describeError), [], 'no connection failed');
  t.same(server.refused.map(describeError), []);
  t.same(refused, [], 'no certificate was refused');
  t.comment(`connections: ${results.map(({ count }) => count).join(', ')}; rotations: ${server.rotations}`);
  await delta.close();
  await store.close();
  await server.close();
  await client.close();
  unsubscribe();
  for (const process of processes.values()) {
    if (process.exitCode !== null || process.signalCode !== null) continue;
    process.kill('SIGTERM');
    await once(process, 'exit');
  }
  t.equal(holder(), '', 'the lease was given back');
});
