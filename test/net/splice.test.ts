import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'tap';
import { MeshError } from '../../src/base/index.ts';
import { NetError, splice, tcpByteStream } from '../../src/net/index.ts';
import { createConnection, createSplicedPair, endingOf } from './spliced-pair.ts';

const MIB = 1024 * 1024;

test('64 MiB arrive unharmed each way, and are counted', async (t) => {
  const pair = await createSplicedPair();
  const [there, back] = await Promise.all([
    transfer(pair.client, pair.server, 64 * MIB),
    transfer(pair.server, pair.client, 64 * MIB),
  ]);
  t.equal(there.received, there.sent);
  t.equal(back.received, back.sent);
  t.same(await pair.splice.done, { ok: true });
  t.equal(pair.splice.bytesAToB, 64 * MIB);
  t.equal(pair.splice.bytesBToA, 64 * MIB);
});

for (const [name, from, to] of [
  ['the caller', 'client', 'server'],
  ['the called', 'server', 'client'],
] as const) {
  test(`a half-close by ${name} leaves the other direction open`, async (t) => {
    const pair = await createSplicedPair();
    pair[from].end('question');
    const asked = await readAll(pair[to]);
    t.equal(asked, 'question');
    t.equal(pair[from].destroyed, false);
    const answered = readAll(pair[from]);
    pair[to].write('slow ');
    await new Promise((resolve) => setTimeout(resolve, 50));
    pair[to].end('answer');
    t.equal(await answered, 'slow answer');
    t.same(await pair.splice.done, { ok: true });
  });

  test(`a reset by ${name} arrives as a reset`, async (t) => {
    const pair = await createSplicedPair();
    pair[from].write('some');
    await once(pair[to], 'data');
    const ending = endingOf(pair[to]);
    pair[from].resetAndDestroy();
    t.equal(await ending, 'ECONNRESET');
    const outcome = await pair.splice.done;
    t.match(outcome, { ok: false, side: from === 'client' ? 'a' : 'b' });
    if (!outcome.ok) {
      t.ok(outcome.error instanceof NetError);
      t.equal(outcome.error.code, 'ERR_NET_STREAM_RESET');
      t.equal(outcome.error.blame, from === 'client' ? 'downstream' : 'upstream');
    }
  });

  test(`a reset by ${name} after a half-close is still no clean end`, async (t) => {
    const pair = await createSplicedPair();
    pair[from].end('all I had');
    t.equal(await readAll(pair[to]), 'all I had');
    const ending = endingOf(pair[to]);
    pair[to].write('an answer that');
    await once(pair[from], 'data');
    pair[from].resetAndDestroy();
    t.match(await pair.splice.done, { ok: false }, 'nobody has to write for it to be noticed');
    // This end has read its end of file as well, and learns of the reset by writing.
    pair[to].write('nobody hears');
    t.match(await ending, /ECONNRESET|EPIPE/);
  });

  test(`a stream of ${name} that is cut short never looks whole`, async (t) => {
    const pair = await createSplicedPair();
    pair[from].write('the first half of');
    await once(pair[to], 'data');
    const ending = endingOf(pair[to]);
    (from === 'client' ? pair.near : pair.far).destroy();
    t.equal(await ending, 'ECONNRESET', 'no end without a FIN');
    const outcome = await pair.splice.done;
    t.match(outcome, { ok: false, error: { code: 'ERR_NET_STREAM_CUT' } });
    pair[from].destroy();
  });
}

test('a reader that stalls stops the writer, and memory stays bounded', async (t) => {
  const pair = await createSplicedPair();
  pair.server.pause();
  const chunk = Buffer.alloc(MIB);
  let written = 0;
  while (pair.client.writableLength < 4 * MIB && written < 512) {
    written += 1;
    if (!pair.client.write(chunk)) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.ok(written < 512, `the writer was stopped after ${written} MiB`);
  t.ok(pair.far.writableLength < 256 * 1024, `${pair.far.writableLength} bytes wait in the splice`);
  t.ok(pair.near.readableLength < 256 * 1024, `${pair.near.readableLength} bytes wait to be read`);
  const counting = countBytes(pair.server);
  pair.server.resume();
  pair.client.end();
  t.equal(await counting, written * MIB, 'all of it arrives once the reader goes on');
  pair.server.end();
  t.same(await pair.splice.done, { ok: true });
});

test('many writes of 100 bytes arrive in order and whole', async (t) => {
  const pair = await createSplicedPair();
  const sent = createHash('sha256');
  const arriving = hashOf(pair.server);
  for (let index = 0; index < 20_000; index++) {
    const chunk = Buffer.alloc(100, index % 251);
    sent.update(chunk);
    if (!pair.client.write(chunk)) await once(pair.client, 'drain');
  }
  pair.client.end();
  t.equal(await arriving, sent.digest('hex'));
  pair.server.end();
  t.same(await pair.splice.done, { ok: true });
});

test('a server that speaks first is heard', async (t) => {
  const pair = await createSplicedPair();
  const greeting = once(pair.client, 'data');
  pair.server.write('220 ready');
  t.equal(String((await greeting)[0]), '220 ready');
  pair.client.end();
  pair.server.end();
  pair.server.resume();
  pair.client.resume();
  t.same(await pair.splice.done, { ok: true });
});

test('a splice that is reset from outside resets both peers and tells why', async (t) => {
  const pair = await createSplicedPair();
  const endings = [endingOf(pair.client), endingOf(pair.server)];
  const why = new MeshError({ code: 'ERR_TEST', blame: 'local', message: 'policy changed' });
  pair.splice.reset(why);
  pair.splice.reset(new MeshError({ code: 'ERR_TEST', blame: 'local', message: 'again' }));
  t.same(await Promise.all(endings), ['ECONNRESET', 'ECONNRESET']);
  const outcome = await pair.splice.done;
  t.equal(outcome.ok, false);
  if (!outcome.ok) t.equal(outcome.error, why);
});

test('a reset that follows unsent data and a half-close still closes the socket', async (t) => {
  const [dialed, accepted] = await createConnection();
  accepted.pause();
  const stream = tcpByteStream(dialed);
  dialed.end(Buffer.alloc(16 * MIB));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const closed = once(dialed, 'close');
  stream.reset(new MeshError({ code: 'ERR_TEST', blame: 'local', message: 'cut' }));
  await closed;
  t.equal(await endingOf(accepted), 'ECONNRESET');
  stream.reset(new MeshError({ code: 'ERR_TEST', blame: 'local', message: 'again' }));
});

test('a stream that died before it was spliced resets the other', async (t) => {
  const [client, near] = await createConnection();
  const [far, server] = await createConnection();
  near.destroy();
  await once(near, 'close');
  const joined = splice(tcpByteStream(near), tcpByteStream(far));
  t.equal(await endingOf(server), 'ECONNRESET');
  t.match(await joined.done, { ok: false, side: 'a' });
  client.destroy();
});

async function transfer(
  from: Socket,
  to: Socket,
  total: number,
): Promise<{ sent: string; received: string }> {
  const arriving = hashOf(to);
  const sent = createHash('sha256');
  const chunk = randomBytes(MIB);
  for (let done = 0; done < total; done += MIB) {
    sent.update(chunk);
    if (!from.write(chunk)) await once(from, 'drain');
  }
  from.end();
  return { sent: sent.digest('hex'), received: await arriving };
}

async function hashOf(socket: Socket): Promise<string> {
  const hash = createHash('sha256');
  socket.on('data', (chunk) => hash.update(chunk));
  await once(socket, 'end');
  return hash.digest('hex');
}

async function countBytes(socket: Socket): Promise<number> {
  let count = 0;
  socket.on('data', (chunk) => {
    count += chunk.length;
  });
  await once(socket, 'end');
  return count;
}

async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'end');
  return text;
}
