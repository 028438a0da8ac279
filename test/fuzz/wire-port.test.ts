import http2 from 'node:http2';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import fc from 'fast-check';
import { type Test, test } from 'tap';
import { ADDRESS_TYPE } from '../../src/xds/index.ts';
import {
  recordingClient,
  SERVER_NAME,
  startTestController,
  type TestController,
} from '../wire/support/controller.ts';

const RUNS = Number(process.env.NODEMESH_FUZZ_RUNS ?? 2000);
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Sends chunks and hangs up; resolves when the connection is gone. */
async function throwAt(socket: net.Socket, chunks: readonly Uint8Array[]): Promise<void> {
  socket.on('error', () => undefined);
  socket.resume();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  for (const chunk of chunks) if (!socket.destroyed) socket.write(chunk);
  await delay(1);
  socket.destroy();
  await closed;
}

/** A well-formed frame of HTTP/2 around any payload, so that fuzzing gets past the framing. */
const frame = fc
  .record({
    type: fc.nat(12),
    flags: fc.nat(255),
    stream: fc.nat(5),
    payload: fc.uint8Array({ maxLength: 40 }),
  })
  .map(({ type, flags, stream, payload }) => {
    const header = Buffer.alloc(9);
    header.writeUIntBE(payload.length, 0, 3);
    header[3] = type;
    header[4] = flags;
    header.writeUInt32BE(stream, 5);
    return Buffer.concat([header, payload]);
  });

/** The server still serves, holds no connection of the fuzzer, and has not grown without bounds. */
async function expectUnharmed(t: Test, controller: TestController): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (controller.grpcServer.connections > 0 && Date.now() < deadline) await delay(10);
  t.equal(controller.grpcServer.connections, 0);
  t.same(controller.deltaServer.proxies(), []);
  const grpcClient = controller.client();
  const { client } = recordingClient(grpcClient);
  client.start();
  await client.ready;
  await client.close();
  await grpcClient.close();
}

test('raw bytes at the port harm nothing', async (t) => {
  const controller = await startTestController();
  const { port } = controller.grpcServer.address;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 3 }), (chunks) =>
      throwAt(net.connect(port, '127.0.0.1'), chunks),
    ),
    { numRuns: RUNS },
  );
  await expectUnharmed(t, controller);
  await controller.close();
});

test('raw bytes and frames inside TLS harm nothing', async (t) => {
  const controller = await startTestController();
  const { port } = controller.grpcServer.address;
  const options = { port, host: '127.0.0.1', ca: controller.authority.rootPem, servername: SERVER_NAME };
  const input = fc.oneof(
    fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 3 }),
    fc
      .array(frame, { maxLength: 6 })
      .map((frames) => [PREFACE, Buffer.from('000000040000000000', 'hex'), ...frames]),
  );
  await fc.assert(
    fc.asyncProperty(input, fc.constantFrom(['h2'], ['http/1.1'], []), async (chunks, ALPNProtocols) => {
      const socket = tls.connect({ ...options, ALPNProtocols });
      await throwAt(socket, chunks);
    }),
    { numRuns: Math.ceil(RUNS / 4) },
  );
  await expectUnharmed(t, controller);
  await controller.close();
});

test('raw bytes where messages of gRPC belong harm nothing, and the connection goes on', async (t) => {
  const controller = await startTestController();
  const { port } = controller.grpcServer.address;
  const session = http2.connect(`https://127.0.0.1:${port}`, {
    ca: controller.authority.rootPem,
    servername: SERVER_NAME,
  });
  const paths = [
    '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
    '/istio.v1.auth.IstioCertificateService/CreateCertificate',
    '/nodemesh.enrolment.NodeReports/Report',
    '/no.such/Method',
  ];
  const framed = fc.uint8Array({ maxLength: 60 }).map((payload) => {
    const header = Buffer.alloc(5);
    header.writeUInt32BE(payload.length, 1);
    return Buffer.concat([header, payload]);
  });
  const body = fc.array(fc.oneof(framed, fc.uint8Array({ maxLength: 30 })), { maxLength: 4 });
  const statuses = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), body, async (path, chunks) => {
      const call = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        authorization: 'Bearer token-of-node-1',
      });
      call.on('error', () => undefined);
      call.on('response', (headers) => statuses.add(String(headers['grpc-status'] ?? '')));
      call.on('trailers', (headers) => statuses.add(String(headers['grpc-status'])));
      call.resume();
      const closed = new Promise<void>((resolve) => call.once('close', () => resolve()));
      for (const chunk of chunks) call.write(chunk);
      call.end();
      await Promise.race([closed, delay(1000, undefined, { ref: false })]);
      call.close();
      await closed;
    }),
    { numRuns: RUNS },
  );
  t.notOk(session.destroyed, 'one connection carried them all');
  t.ok(statuses.has('3'), `statuses ${[...statuses].sort()}`);
  t.ok(statuses.has('12'));
  session.close();
  await new Promise((resolve) => session.once('close', resolve));
  controller.deltaServer.cache(ADDRESS_TYPE).apply({ upserts: [] });
  await expectUnharmed(t, controller);
  await controller.close();
});
