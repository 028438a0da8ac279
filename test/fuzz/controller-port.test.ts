import { readFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { test } from 'tap';
import { runController } from '../controller/support/running-controller.ts';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const chunk = fc.uint8Array({ maxLength: 300 });
/** Random bytes, also behind what makes a server listen: a TLS record's head, the HTTP/2 preface, a frame's head. */
const hello = fc.oneof(
  chunk,
  chunk.map((bytes) => Buffer.concat([Buffer.from([22, 3, 1, 0, bytes.length & 0xff]), bytes])),
);
const speech = fc.oneof(
  chunk,
  chunk.map((bytes) => Buffer.concat([PREFACE, bytes])),
  fc
    .tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 255 }), fc.nat({ max: 5 }), chunk)
    .map(([type, flags, stream, bytes]) => {
      const head = Buffer.from([0, bytes.length >> 8, bytes.length & 0xff, type, flags, 0, 0, 0, stream]);
      const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
      return Buffer.concat([PREFACE, settings, head, bytes]);
    }),
);

test('whatever is sent to the controller’s port, it goes on serving', async (t) => {
  const running = await runController(t);
  const port = running.controller.addresses.grpc?.port ?? 0;
  const ca = await readFile(join(running.directory, 'ca', 'root-cert.pem'), 'utf8');
  await fc.assert(
    fc.asyncProperty(fc.array(hello, { minLength: 1, maxLength: 8 }), async (all) => {
      await Promise.all(all.map((bytes) => talk(connectTcp(port, '127.0.0.1'), 'connect', bytes)));
    }),
    { numRuns: 150 },
  );
  const tls = { host: '127.0.0.1', port, ca, servername: 'localhost', ALPNProtocols: ['h2'] };
  await fc.assert(
    fc.asyncProperty(fc.array(speech, { minLength: 1, maxLength: 8 }), async (all) => {
      await Promise.all(all.map((bytes) => talk(connectTls(tls), 'secureConnect', bytes)));
    }),
    { numRuns: 150 },
  );
  const view = await running.connect('node-1');
  t.equal(view.bundles.size, 1, 'a node is served after all that');
});

/** Says something and hangs up; resolves when the connection is gone. */
function talk(socket: ReturnType<typeof connectTcp>, ready: string, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.once(ready, () => {
      socket.write(bytes, () => setTimeout(() => socket.destroy(), 3));
    });
  });
}
