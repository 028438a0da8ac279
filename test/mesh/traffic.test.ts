import { after, before, test } from 'tap';
import { LOAD_SECONDS, startWorld, type World } from './support/world.ts';

/** A gibibyte when the full length is asked for, a quarter of it otherwise. */
const BULK_BYTES = LOAD_SECONDS >= 60 ? 1 << 30 : 1 << 28;

let world: World;
before(async () => {
  world = await startWorld({ name: 'traffic', namespaces: { shop: true } });
});
after(() => world.lab.down());

const client = { namespace: 'shop', name: 'client' };
const dial = (behaviour: string, port: number, ...numbers: number[]) =>
  world.lab.client(client, behaviour, world.server('shop', port), ...numbers);

test('bulk data arrives whole in each direction', { timeout: 300_000 }, async (t) => {
  t.match(await dial('upload', 7002, BULK_BYTES), { ending: 'end', equal: true });
  t.match(await dial('download', 7003, BULK_BYTES), { ending: 'end', bytes: BULK_BYTES, equal: true });
});

test('ten thousand writes of a hundred bytes come back whole', async (t) => {
  t.match(await dial('small', 7000, 10_000), { ending: 'end', bytes: 1_000_000 });
});

test('a server that speaks first is heard, and sees the address of its client', async (t) => {
  const text = await world.lab.lab('get', 'pod', 'client', '-n', 'shop', '-o', 'json');
  const { status } = JSON.parse(text) as { status: { podIPs: readonly { ip: string }[] } };
  const answer = await dial('listen', 7001, 500);
  const banner = String(answer.text).replace('::ffff:', '');
  t.ok(
    status.podIPs.some(({ ip }) => banner === `hello ${ip}\n`),
    banner,
  );
  t.equal(answer.ending, 'end');
});

test('a half-close by the client leaves the answer to come', async (t) => {
  t.match(await dial('upload', 7002, 1000), { ending: 'end', equal: true });
});

test('a half-close by the server leaves the client free to speak', async (t) => {
  t.match(await dial('listen', 7006), { ending: 'end', text: 'all that I have to say\n' });
  t.match(await world.lab.lab('logs', '-n', 'shop', 'server'), /after my half-close 27 bytes arrived/);
});

test("a server's reset is a reset to the client", async (t) => {
  t.match(await dial('say', 7004), { ending: 'ECONNRESET' });
});

test('a truncated answer never looks like a clean end', async (t) => {
  const answer = await dial('listen', 7007);
  t.equal(answer.ending, 'ECONNRESET');
});

test("a client's reset is a reset to the server", async (t) => {
  t.match(await dial('reset', 7008), { reset: true });
  t.match(await world.lab.lab('logs', '-n', 'shop', 'server'), /peer ended with ECONNRESET/);
});

test('two hundred stalled connections hold no other up', { timeout: 60_000 }, async (t) => {
  t.same(await dial('stall', 7005, 200, 7000), { stalled: 200, live: 20, errors: {} });
});

test('five thousand idle connections live on', { timeout: 300_000 }, async (t) => {
  t.match(await dial('idle', 7000, 5000, 5), { failed: 0, alive: 5000 });
});

test('a thousand active connections are served at once', { timeout: 300_000 }, async (t) => {
  t.match(await dial('hold', 7000, 1000, 5), { count: 1000, failed: 0 });
});

test('IPv6 is carried like IPv4, by address', async (t) => {
  for (const family of [4, 6] as const) {
    const host = await world.serverAddress('shop', family);
    t.match(await world.lab.client(client, 'echo', { host, port: 7000 }), { outcome: 'ok' }, `IPv${family}`);
  }
});
