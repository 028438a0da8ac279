import http2 from 'node:http2';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import { test } from 'tap';
import { createSignal, describeError, silentLogger } from '../../src/base/index.ts';
import { workloadIdentity } from '../../src/model/index.ts';
import { DELTA_RESOURCES } from '../../src/wire/grpc/methods.ts';
import { WireError } from '../../src/wire/index.ts';
import { ADDRESS_TYPE, type Termination, type XdsResource } from '../../src/xds/index.ts';
import { createTestAuthority } from './support/certificates.ts';
import { recordingClient, SERVER_NAME, startTestController } from './support/controller.ts';

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

test('whoever may not take up the time is refused before anything is made of what he sent', async (t) => {
  const asked: string[] = [];
  let mayRead = true;
  const controller = await startTestController({
    admit({ name }) {
      asked.push(name);
      if (!mayRead)
        throw new WireError({
          code: 'ERR_WIRE_EXHAUSTED',
          blame: 'downstream',
          message: 'wait',
          retryable: true,
        });
      return () => asked.push('read');
    },
  });
  const grpcClient = controller.client();
  await grpcClient.reportNode({ node: 'node-1', generation: 1, pods: [] });
  const bad = { csrPem: '', ttlMs: 1, impersonated: undefined };
  await t.rejects(grpcClient.createCertificate(bad), { message: /csr: expected text/ });
  t.same(asked, ['node-1', 'read', 'node-1', 'read'], 'also what cannot be read took its time');
  mayRead = false;
  await t.rejects(grpcClient.createCertificate(bad), { code: 'ERR_WIRE_EXHAUSTED', message: /wait/ });
  await grpcClient.close();
  await controller.close();
});

test('calls without a good token are refused, and told why', async (t) => {
  const controller = await startTestController();
  const request = { csrPem: 'a CSR', ttlMs: 1000, impersonated: undefined };
  const tokens = [
    { token: 'stolen', message: /token refused: unknown token/ },
    { token: 'two words', message: /not of the form "Bearer <token>"/ },
  ];
  for (const { token, message } of tokens) {
    const grpcClient = controller.client({ token: async () => token });
    await t.rejects(grpcClient.createCertificate(request), { code: 'ERR_WIRE_UNAUTHENTICATED', message });
    await grpcClient.close();
  }
  const empty = controller.client({ token: async () => '\n' });
  await t.rejects(empty.createCertificate(request), { code: 'ERR_WIRE_CREDENTIALS' });
  await empty.close();
  const stranger = controller.client({ token: async () => 'stolen' });
  const { client } = recordingClient(stranger);
  const terminated = new Promise<Termination>((resolve) => client.terminations.subscribe(resolve));
  client.start();
  const { reason, error } = await terminated;
  t.equal(reason, 'Error');
  t.match(describeError(error), /UNAUTHENTICATED: token refused: unknown token/);
  t.same(controller.deltaServer.proxies(), []);
  await client.close();
  await stranger.close();
  await controller.close();
});

test('strangers do not fill the log', async (t) => {
  const lines: string[] = [];
  const log = { ...silentLogger, warn: (message: string) => lines.push(message) };
  const controller = await startTestController({ log });
  const stranger = controller.client({ token: async () => 'stolen' });
  const report = { node: 'node-1', generation: 1, pods: [] };
  for (let round = 0; round < 3; round++)
    await Promise.all(
      Array.from({ length: 50 }, () =>
        t.rejects(stranger.reportNode(report), { code: 'ERR_WIRE_UNAUTHENTICATED' }),
      ),
    );
  t.equal(lines.filter((line) => line === 'gRPC caller refused').length, 100, 'of 150');
  await stranger.close();
  await controller.close();
});

test('who checks tokens may also say "not allowed" or "not now"', async (t) => {
  const refuse = (code: 'ERR_WIRE_PERMISSION_DENIED' | 'ERR_WIRE_UNAVAILABLE') => async () => {
    throw new WireError({ code, blame: 'downstream', message: 'no' });
  };
  for (const code of ['ERR_WIRE_PERMISSION_DENIED', 'ERR_WIRE_UNAVAILABLE'] as const) {
    const controller = await startTestController({ authenticate: refuse(code) });
    const grpcClient = controller.client();
    await t.rejects(grpcClient.reportNode({ node: 'n', generation: 1, pods: [] }), { code });
    await grpcClient.close();
    await controller.close();
  }
});

test('token and server name are looked at on each connect', async (t) => {
  const controller = await startTestController();
  let reads = 0;
  const token = async () => `token-of-node-${++reads}`;
  const grpcClient = controller.client({ token });
  const { client, reached } = recordingClient(grpcClient);
  client.start();
  await client.ready;
  t.equal(controller.deltaServer.proxies()[0]?.id, 'node-1');
  controller.rootChanges.emit();
  await reached(2);
  t.equal(client.state.lastTermination?.reason, 'Reconnect');
  t.same(
    controller.deltaServer.proxies().map((proxy) => proxy.id),
    ['node-2'],
  );
  await client.close();
  await grpcClient.close();
  const misled = controller.client({ serverName: 'other.test' });
  const lost = recordingClient(misled).client;
  const terminated = new Promise<Termination>((resolve) => lost.terminations.subscribe(resolve));
  lost.start();
  const { reason, error } = await terminated;
  t.equal(reason, 'ConnectionError');
  t.match(describeError(error), /other\.test. is not in the cert's altnames/);
  await t.rejects(misled.reportNode({ node: 'n', generation: 1, pods: [] }), {
    code: 'ERR_WIRE_UNAVAILABLE',
    retryable: true,
  });
  await lost.close();
  await misled.close();
  await controller.close();
});

test('the server certificate is replaced without touching open streams', async (t) => {
  const controller = await startTestController();
  const grpcClient = controller.client();
  const { client, updates, reached } = recordingClient(grpcClient);
  client.start();
  await client.ready;
  const successor = await createTestAuthority();
  controller.grpcServer.setCertificate(await successor.serverCertificate(SERVER_NAME));
  t.throws(() => controller.grpcServer.setCertificate({ certificatePem: 'x', privateKeyPem: 'y' }), {
    code: 'ERR_WIRE_CREDENTIALS',
  });
  controller.deltaServer.cache(ADDRESS_TYPE).apply({ upserts: [resource('a', '1')] });
  await reached(2);
  t.match(updates[1], { upserts: [{ name: 'a' }] });
  const report = { node: 'node-1', generation: 1, pods: [] };
  const former = controller.client();
  await t.rejects(
    former.reportNode(report),
    { code: 'ERR_WIRE_UNAVAILABLE' },
    'the old root is of no use now',
  );
  await former.close();
  let roots = controller.authority.rootPem;
  const changes = createSignal<void>();
  const patient = controller.client({ roots: { read: async () => roots, changes } });
  await t.rejects(patient.reportNode(report), { code: 'ERR_WIRE_UNAVAILABLE' });
  roots = successor.rootPem;
  changes.emit();
  t.same(await patient.reportNode(report), { acknowledged: true });
  await patient.close();
  await client.close();
  await grpcClient.close();
  await controller.close();
});

test('a client finds a restarted server and is told only what changed', async (t) => {
  const first = await startTestController();
  const { port } = first.grpcServer.address;
  first.deltaServer.cache(ADDRESS_TYPE).apply({ upserts: [resource('same', '1'), resource('gone', '1')] });
  let { authority } = first;
  const changes = createSignal<void>();
  const grpcClient = first.client({ roots: { read: async () => authority.rootPem, changes } });
  const { client, updates, reached } = recordingClient(grpcClient);
  client.start();
  await client.ready;
  await first.close();
  const second = await startTestController({ listen: { host: '127.0.0.1', port } });
  authority = second.authority;
  second.deltaServer.cache(ADDRESS_TYPE).apply({ upserts: [resource('same', '1'), resource('new', '1')] });
  await reached(2);
  t.match(updates[1], { upserts: [{ name: 'new' }], removed: ['gone'] });
  await client.close();
  await grpcClient.close();
  await second.close();
});

test('a client that holds more of what is gone than a restarted server takes gets along with it all the same', async (t) => {
  const first = await startTestController();
  const { port } = first.grpcServer.address;
  const gone = Array.from({ length: 20 }, (_, index) => resource(`gone-${index}`, '1'));
  first.deltaServer.cache(ADDRESS_TYPE).apply({ upserts: [resource('same', '1'), ...gone] });
  let { authority } = first;
  const changes = createSignal<void>();
  const grpcClient = first.client({ roots: { read: async () => authority.rootPem, changes } });
  const { client, updates, reached } = recordingClient(grpcClient);
  client.start();
  await client.ready;
  await first.close();
  const second = await startTestController({ listen: { host: '127.0.0.1', port }, maxNamesPerStream: 10 });
  authority = second.authority;
  second.deltaServer.cache(ADDRESS_TYPE).apply({ upserts: [resource('same', '1')] });
  await reached(2);
  t.match(updates[1], { upserts: [{ name: 'same' }] });
  t.equal(updates[1]?.removed.length, 20);
  await client.close();
  await grpcClient.close();
  await second.close();
});

test('a first response of fifty megabytes arrives whole, in one piece', async (t) => {
  const controller = await startTestController();
  const upserts = Array.from({ length: 500 }, (_, index) =>
    resource(`r${index}`, `${index} `.repeat(20_000)),
  );
  const versioned = upserts.map((upsert, index) => ({ ...upsert, version: String(index) }));
  controller.deltaServer.cache(ADDRESS_TYPE).apply({ upserts: versioned });
  const grpcClient = controller.client();
  const { client, updates } = recordingClient(grpcClient);
  client.start();
  await client.ready;
  t.equal(updates.length, 1);
  t.equal(updates[0]?.upserts.length, 500);
  t.equal(controller.deltaServer.bytesUnderWay, 0);
  await client.close();
  await grpcClient.close();
  await controller.close();
});

test('a client that reads nothing is cut off, and its bytes are let go', async (t) => {
  const controller = await startTestController({ sendTimeoutMs: 2_000 });
  const upserts = [{ ...resource('big', 'x'.repeat(8_000_000)), version: '1' }];
  controller.deltaServer.cache(ADDRESS_TYPE).apply({ upserts });
  const session = http2.connect(`https://127.0.0.1:${controller.grpcServer.address.port}`, {
    ca: controller.authority.rootPem,
    servername: SERVER_NAME,
  });
  session.on('error', () => undefined);
  const call = session.request({
    ':method': 'POST',
    ':path': DELTA_RESOURCES.path,
    'content-type': 'application/grpc',
    authorization: 'Bearer token-of-node-1',
  });
  call.on('error', () => undefined);
  call.pause();
  const request = DELTA_RESOURCES.requestSerialize({
    typeUrl: ADDRESS_TYPE,
    subscribe: [],
    unsubscribe: [],
    initialVersions: [],
    responseNonce: '',
    rejection: undefined,
  });
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(request.length, 1);
  call.write(Buffer.concat([frame, request]));
  const deadline = Date.now() + 20_000;
  while (controller.deltaServer.bytesUnderWay === 0 && Date.now() < deadline) await delay(10);
  await delay(100);
  t.ok(controller.deltaServer.bytesUnderWay > 0);
  while (controller.grpcServer.connections > 0 && Date.now() < deadline) await delay(10);
  t.equal(controller.grpcServer.connections, 0);
  t.equal(controller.deltaServer.bytesUnderWay, 0);
  t.same(controller.deltaServer.proxies(), []);
  session.destroy();
  await controller.close();
});

test('strangers may not keep connections, callers may', async (t) => {
  const controller = await startTestController({ trustTimeoutMs: 200 });
  const { port } = controller.grpcServer.address;
  const stranger = tls.connect({
    port,
    host: '127.0.0.1',
    ca: controller.authority.rootPem,
    servername: SERVER_NAME,
    ALPNProtocols: ['h2'],
  });
  stranger.resume();
  const cut = new Promise((resolve) => stranger.once('close', resolve));
  const grpcClient = controller.client();
  await grpcClient.reportNode({ node: 'node-1', generation: 1, pods: [] });
  t.equal(controller.grpcServer.connections, 2);
  await cut;
  await delay(50);
  t.equal(controller.grpcServer.connections, 1);
  await grpcClient.close();
  await controller.close();
});

test('requests over the limit end the call, not the server', async (t) => {
  const controller = await startTestController({ maxRequestBytes: 1000 });
  const grpcClient = controller.client();
  const request = { csrPem: 'x'.repeat(2000), ttlMs: 1000, impersonated: undefined };
  await t.rejects(grpcClient.createCertificate(request), {
    code: 'ERR_WIRE_EXHAUSTED',
    message: /RESOURCE_EXHAUSTED/,
  });
  t.same(await grpcClient.reportNode({ node: 'node-1', generation: 1, pods: [] }), { acknowledged: true });
  await grpcClient.close();
  await t.rejects(grpcClient.reportNode({ node: 'n', generation: 1, pods: [] }), { code: 'ERR_WIRE_CLOSED' });
  await controller.close();
});

test('a caller may give up, and the handler learns of it', async (t) => {
  let told: Promise<void> | undefined;
  const controller = await startTestController({
    services: {
      xds: async () => undefined,
      nodeReports: async () => ({ acknowledged: true }),
      observations: async ({ batch }) => ({
        acknowledged: batch.upTo,
        requestsFollowed: false,
        meshDashboardUrl: '',
      }),
      certificates: (_request, _caller, signal) => {
        told = new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
        abort.abort(new Error('changed my mind'));
        return new Promise(() => undefined);
      },
    },
  });
  const abort = new AbortController();
  const grpcClient = controller.client();
  const request = { csrPem: 'a CSR', ttlMs: 1000, impersonated: undefined };
  await t.rejects(grpcClient.createCertificate(request, abort.signal), { message: 'changed my mind' });
  await told;
  await grpcClient.close();
  await controller.close();
});

test('a request that nobody takes yet stays with the client', async (t) => {
  let take: () => void = () => undefined;
  const turn = new Promise<void>((resolve) => {
    take = resolve;
  });
  let taken = 0;
  const controller = await startTestController({
    services: {
      async xds(stream) {
        await turn;
        for await (const { initialVersions } of stream.requests) taken = [...initialVersions].length;
      },
      certificates: async () => ({ chainPem: [] }),
      nodeReports: async () => ({ acknowledged: true }),
      observations: async ({ batch }) => ({
        acknowledged: batch.upTo,
        requestsFollowed: false,
        meshDashboardUrl: '',
      }),
    },
  });
  const grpcClient = controller.client();
  const channel = await grpcClient.xdsTransport.open(new AbortController().signal);
  const held = Array.from({ length: 200_000 }, (_, index) => [`resource-${index}`, 'version'] as const);
  let isSent = false;
  const sent = channel
    .send({
      typeUrl: ADDRESS_TYPE,
      subscribe: [],
      unsubscribe: [],
      initialVersions: held,
      responseNonce: '',
      rejection: undefined,
    })
    .then(() => {
      isSent = true;
    });
  await delay(2000);
  t.notOk(isSent, 'its bytes have not left');
  take();
  await sent;
  while (taken === 0) await delay(10);
  t.equal(taken, 200_000);
  channel.close();
  await grpcClient.close();
  await controller.close();
});

test('a server that is not there is noticed at once, one that does not answer in time', async (t) => {
  const controller = await startTestController();
  const { signal } = new AbortController();
  const silent = net.createServer((socket) => socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as net.AddressInfo;
  const waiting = controller.client({ address: `127.0.0.1:${port}`, connectTimeoutMs: 200 });
  await t.rejects(waiting.xdsTransport.open(signal), {
    code: 'ERR_XDS_CONNECT',
    cause: { message: 'no connection within 200 ms' },
  });
  await new Promise((resolve) => silent.close(resolve));
  const refused = controller.client({ address: `127.0.0.1:${port}` });
  const begun = Date.now();
  const failure = await refused.xdsTransport.open(signal).catch((error: unknown) => error);
  t.match(failure, { code: 'ERR_XDS_CONNECT', retryable: true });
  t.match(describeError(failure), /ECONNREFUSED/);
  t.ok(Date.now() - begun < 4000, 'before the timeout');
  const abort = new AbortController();
  const opening = refused.xdsTransport.open(abort.signal);
  abort.abort(new Error('never mind'));
  await t.rejects(opening, { code: 'ERR_XDS_CONNECT' });
  await waiting.close();
  await refused.close();
  await controller.close();
});

test('a port that is taken is said to be', async (t) => {
  const controller = await startTestController();
  const { host, port } = controller.grpcServer.address;
  await t.rejects(startTestController({ listen: { host, port } }), { code: 'ERR_WIRE_LISTEN' });
  await controller.close();
});
