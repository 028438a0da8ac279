import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import { type Test, test } from 'tap';
import { silentLogger, systemClock } from '../../../src/base/index.ts';
import { startWebhookServer } from '../../../src/controller/webhook/serve/index.ts';
import { openAuthority } from '../../../src/identity/index.ts';
import { PATH, review, send } from './support.ts';

/** Where the flood comes from; the API server is at another address. */
const STRANGER = '127.0.0.2';
const OBJECT = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'shop' } };

async function startWebhook(t: Test) {
  const common = { clock: systemClock, log: silentLogger };
  const authority = await openAuthority({
    ...{ directory: `${t.testdir({})}/ca`, trustDomain: 'cluster.local', ...common },
  });
  const server = await startWebhookServer({
    listen: { host: '127.0.0.1', port: 0 },
    certificate: await authority.serverCertificate({ dnsNames: ['localhost'], ipAddresses: [] }),
    reviewer: { review: async () => ({ allowed: true, warnings: [] }) },
    failClosed: true,
    timeoutMs: 20_000,
    ...common,
  });
  const sockets: net.Socket[] = [];
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    server.destroy();
    await authority.close();
  });
  const ca = authority.bundle().rootsPem.join('');
  const { port } = server.address;
  /** As the API server does. */
  const isServed = async (): Promise<boolean> =>
    (await send(port, JSON.stringify(review(OBJECT)), { ca })).status === 200;
  const connect = (): net.Socket => {
    const socket = net.connect({ host: '127.0.0.1', port, localAddress: STRANGER });
    sockets.push(socket.on('error', () => undefined).resume());
    return socket;
  };
  /** Undefined: it was cut before its handshake was over. */
  const connectTls = async (): Promise<tls.TLSSocket | undefined> => {
    const socket = tls.connect({ socket: connect(), ca, servername: 'localhost' });
    socket.on('error', () => undefined).resume();
    await Promise.race([once(socket, 'secureConnect'), once(socket, 'close')]).catch(() => undefined);
    return socket.destroyed ? undefined : socket;
  };
  const open = (): number => sockets.filter((socket) => !socket.destroyed).length;
  return { server, isServed, connect, connectTls, open };
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let waited = 0; !isSo(); waited += 20) {
    if (waited > 20_000) throw new Error(`waited in vain until ${what}`);
    await delay(20);
  }
}

test('connections without a handshake are bounded, and the API server is served meanwhile', async (t) => {
  const { connect, open, isServed } = await startWebhook(t);
  for (let count = 0; count < 2_000; count += 100) {
    const opened = Array.from({ length: 100 }, connect);
    await Promise.all(opened.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])));
  }
  t.ok(await isServed());
  await until('the rest is cut', () => open() <= 256);
});

test('connections that have shaken hands and say nothing are bounded as well', async (t) => {
  const { connectTls, open, isServed } = await startWebhook(t);
  for (let count = 0; count < 320; count += 20) await Promise.all(Array.from({ length: 20 }, connectTls));
  t.ok(await isServed());
  await until('the rest is cut', () => open() <= 256);
});

test('bodies that come slowly hold no place that the API server needs', async (t) => {
  const { connectTls, open, isServed } = await startWebhook(t);
  for (let count = 0; count < 60; count += 20) {
    const opened = await Promise.all(Array.from({ length: 20 }, connectTls));
    for (const socket of opened) socket?.write(`${headers(3_000_000)}{`);
  }
  await until('no more are read than may be', () => open() <= 32);
  for (let round = 0; round < 5; round++) t.ok(await isServed());
});

test('bodies of 100 MB are not read, whatever their length is said to be', async (t) => {
  const { connectTls, isServed, server } = await startWebhook(t);
  const part = Buffer.alloc(1024 * 1024, 32);
  const chunk = Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
  let sentMiB = 0;
  const before = process.memoryUsage().rss;
  const attack = async (length: number | undefined): Promise<void> => {
    const socket = await connectTls();
    if (socket === undefined) return;
    socket.write(headers(length));
    for (let mib = 0; mib < 100 && !socket.destroyed; mib++) {
      if (!socket.write(length === undefined ? chunk : part))
        await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined);
      sentMiB += 1;
    }
  };
  await Promise.all([100 * part.length, undefined, 100 * part.length, undefined].map(attack));
  t.ok(await isServed());
  t.equal(server.outcomes.malformed, 4);
  t.ok(sentMiB < 100, `${sentMiB} MiB were taken`);
  t.ok(process.memoryUsage().rss - before < 300 * 1024 * 1024);
});

function headers(length: number | undefined): string {
  const body = length === undefined ? 'transfer-encoding: chunked' : `content-length: ${length}`;
  return `POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${body}\r\n\r\n`;
}
