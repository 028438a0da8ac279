import http2 from 'node:http2';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { type Test, test } from 'tap';
import { frameMessage } from '../../../src/wire/grpc/message-framing.ts';
import { decodeDeltaRequest } from '../../../src/wire/message/delta-request-message.ts';
import { decodeDeltaResponse, frameDeltaResponse } from '../../../src/wire/message/delta-response-message.ts';
import { ADDRESS_TYPE, type DeltaResponse } from '../../../src/xds/index.ts';
import { recordingClient, startTestController, type TestController } from '../support/controller.ts';
import { call, type RawCall, readMessage, request } from '../support/raw-call.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

const MEBIBYTE = 1024 * 1024;

async function expectServed(t: Test, controller: TestController): Promise<void> {
  const grpcClient = controller.client();
  const { client, updates } = recordingClient(grpcClient);
  client.start();
  await client.ready;
  t.equal(updates[0]?.upserts.length, controller.deltaServer.cache(ADDRESS_TYPE).size, 'others are served');
  await client.close();
  await grpcClient.close();
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it has not come true');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** This field over and over: four million of two bytes. */
function filledWith(field: Uint8Array): Buffer {
  return Buffer.concat([request(), Buffer.alloc(8 * MEBIBYTE, field)]);
}

const named = (name: string) => ({ name, version: '1', aliases: [], bytes: Buffer.from(name) });

test('requests that would unfold into more than a mesh can be are refused in one sentence', async (t) => {
  const controller = await startTestController();
  controller.deltaServer.cache(ADDRESS_TYPE).apply({ upserts: [named('a')] });
  const node = { id: 'x'.repeat(300_000), metadata: {} };
  const attacks: readonly (readonly [string, Buffer, RegExp])[] = [
    ['entries of nothing', filledWith(Uint8Array.of(0x2a, 0)), /initial_resource_versions may name 1000000/],
    ['names of nothing', filledWith(Uint8Array.of(0x1a, 0)), /may have 500000 parts/],
    ['fields that nobody knows', filledWith(Uint8Array.of(0x78, 1)), /may have 500000 parts/],
    [
      'a name of a mebibyte',
      request({ subscribe: ['x'.repeat(MEBIBYTE)] }),
      /entry of resource_names_subscribe/,
    ],
    ['a node of 300 kB', request({ node }), /node may have 262144 bytes/],
    [
      'a length that runs over the end',
      Buffer.from([0x2a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
      /DeltaDiscoveryRequest/,
    ],
    [
      'an entry cut short',
      Buffer.concat([request(), Buffer.from([0x2a, 3, 0x0a, 9, 0x61])]),
      /an entry that is none/,
    ],
    ['groups in groups', Buffer.alloc(MEBIBYTE, 0x7b), /DeltaDiscoveryRequest/],
  ];
  for (const [name, message, expected] of attacks) {
    const hostile = call(controller);
    hostile.write(message);
    const { status, message: said } = await hostile.ended;
    t.equal(status, '3', name);
    t.match(said, expected);
    t.ok(said.length < 1000);
    await hostile.hangUp();
  }
  await until(() => controller.deltaServer.proxies().length === 0);
  await expectServed(t, controller);
  await controller.close();
});

test('a compressed request is refused before anything is made of it', async (t) => {
  const controller = await startTestController();
  const hostile = call(controller, { headers: { 'grpc-encoding': 'gzip' } });
  const bomb = frameMessage([gzipSync(Buffer.alloc(100 * MEBIBYTE, 'x'))]);
  bomb.writeUInt8(1, 0);
  hostile.stream.write(bomb);
  t.match(await hostile.ended, {
    status: '12',
    message: /ERR_WIRE_ENCODING: expected a message that is not compressed/,
  });
  await hostile.hangUp();
  await expectServed(t, controller);
  await controller.close();
});

test('text that is no UTF-8 is a name like any other, of a resource that is not there', async (t) => {
  const bytes = Buffer.concat([request(), Buffer.from([0x2a, 7, 0x0a, 2, 0xc3, 0x28, 0x12, 1, 0xff])]);
  t.same([...decodeDeltaRequest(bytes).initialVersions], [['\ufffd(', '\ufffd']]);
  t.end();
});

test('what a proxy says in a refusal is kept as far as somebody may want to read it', (t) => {
  const bytes = request({ responseNonce: '1', rejection: 'x'.repeat(MEBIBYTE) });
  t.equal(decodeDeltaRequest(bytes).rejection?.length, 4096);
  t.end();
});

test('names that come and go without an answer end the stream, and are forgotten with it', async (t) => {
  const controller = await startTestController();
  const hostile = call(controller);
  hostile.stream.resume();
  hostile.write(request());
  let round = 0;
  let over = false;
  void hostile.ended.then(() => {
    over = true;
  });
  while (!over && round < 100) {
    round += 1;
    const names = Array.from({ length: 5000 }, (_, index) => `no-such-thing-${round}-${index}`);
    hostile.write(request({ subscribe: names }));
    hostile.write(request({ unsubscribe: names }));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  t.match(await hostile.ended, { status: '8', message: /ERR_XDS_TOO_MANY_NAMES: .*200000 names/ });
  await hostile.hangUp();
  await expectServed(t, controller);
  await controller.close();
});

test('long names end the stream by what they are together', async (t) => {
  const controller = await startTestController();
  const hostile = call(controller);
  const names = (tag: string) =>
    Array.from({ length: 8000 }, (_, index) => `${tag}${index}`.padEnd(4000, '.'));
  hostile.write(request({ subscribe: names('a') }));
  t.equal(decodeDeltaResponse(await readMessage(hostile.stream)).removed.length, 8000);
  hostile.write(request({ subscribe: names('b') }));
  t.match(await hostile.ended, { status: '8', message: /names of 33554432 characters/ });
  await hostile.hangUp();
  await controller.close();
});

/** A mesh of 4 MiB, in several blocks. */
function fillMesh(controller: TestController, version: string): void {
  const upserts = Array.from({ length: 1000 }, (_, index) => {
    const bytes = Buffer.alloc(4096, `${version}-${index} `);
    return { name: `pod-${index}`, version, aliases: [], bytes };
  });
  controller.deltaServer.cache(ADDRESS_TYPE).apply({ upserts });
}

test('who takes its first response slowly gets one mesh and not two, and those after it the newer one', async (t) => {
  const controller = await startTestController();
  fillMesh(controller, '1');
  const slow = call(controller);
  slow.write(request());
  await until(() => controller.deltaServer.bytesUnderWay > 0);
  fillMesh(controller, '2');
  await expectFirst(t, controller, '2');
  const body = await readMessage(slow.stream);
  const first = decodeDeltaResponse(body);
  t.equal(first.resources.length, 1000);
  t.same([...new Set(first.resources.map(({ version }) => version))], ['1'], 'one mesh');
  slow.write(request({ responseNonce: first.nonce }));
  const next = decodeDeltaResponse(await readMessage(slow.stream));
  t.same([...new Set(next.resources.map(({ version }) => version))], ['2'], 'and then what has changed');
  t.equal(next.resources.length, 1000);
  await slow.hangUp();
  await controller.close();
});

async function expectFirst(t: Test, controller: TestController, version: string): Promise<void> {
  const quick = call(controller);
  quick.write(request());
  const { resources } = decodeDeltaResponse(await readMessage(quick.stream));
  t.equal(resources.length, 1000);
  t.ok(resources.every((resource) => resource.version === version));
  await quick.hangUp();
}

test('who cancels in the middle, or opens no window, holds nothing of a response', async (t) => {
  const controller = await startTestController({ sendTimeoutMs: 500 });
  fillMesh(controller, '1');
  const manners: readonly ((hostile: RawCall) => void)[] = [
    (hostile) => hostile.stream.close(http2.constants.NGHTTP2_CANCEL),
    (hostile) => hostile.session.destroy(),
    (hostile) => hostile.session.settings({ initialWindowSize: 1 }),
    (hostile) => void hostile.stream.once('readable', () => hostile.stream.read(1)),
  ];
  for (const misbehave of manners) {
    for (const settings of [{ initialWindowSize: 0 }, { initialWindowSize: 65_535, maxFrameSize: 16_384 }]) {
      const hostile = call(controller, { settings });
      hostile.write(request());
      await until(() => controller.deltaServer.bytesUnderWay > 0);
      misbehave(hostile);
      await until(() => controller.deltaServer.bytesUnderWay === 0);
      await until(() => controller.deltaServer.proxies().length === 0);
      t.ok(true, 'nothing is under way any more');
      hostile.session.destroy();
    }
  }
  await expectServed(t, controller);
  await controller.close();
});

test('a frame goes when the last proxy has taken it, and the mesh that it was of with it', async (t) => {
  const made = (version: string) => {
    const resource = { ...named('a'), version };
    const response: DeltaResponse = {
      ...{ typeUrl: `type/${version}`, nonce: '1', systemVersion: version },
      ...{ blocks: [{ resources: [resource], bytes: 1 }], resources: [], removed: [] },
    };
    return { response, frame: new WeakRef(frameDeltaResponse(response)), resource: new WeakRef(resource) };
  };
  const underWay = made('1');
  const taken = ((): readonly WeakRef<object>[] => {
    const { frame, resource } = made('2');
    return [frame, resource];
  })();
  await new Promise((resolve) => setTimeout(resolve, 10));
  collect();
  t.same(
    taken.map((reference) => reference.deref()),
    [undefined, undefined],
  );
  const frame = underWay.frame.deref();
  t.ok(frame, 'one that is under way stays');
  t.equal(frameDeltaResponse({ ...underWay.response }), frame, 'and the next proxy gets it too');
});
