import { after, before, test } from 'tap';
import { LOAD_SECONDS } from '../../mesh/support/world.ts';
import { waypointMemory } from '../support/waypoint-pods.ts';
import { SHOP, startWaypointWorld, type WaypointWorld } from '../support/waypoint-world.ts';

/** A gibibyte and ten thousand clients when the full length is asked for (`NODEMESH_TEST_SECONDS=60`). */
const BULK_BYTES = LOAD_SECONDS >= 60 ? 1 << 30 : 64 << 20;
const SLOW_CLIENTS = Number(process.env.NODEMESH_TEST_CLIENTS ?? (LOAD_SECONDS >= 60 ? 10_000 : 1_000));
/** How long the servers keep each waiting: until the last of them has come, on a slow machine, too. */
const HOLD_MS = Math.max(10_000, SLOW_CLIENTS * 4);
/** A node's ztunnel holds two descriptors for each connection, so that 10,000 of them need several. */
const NODES = 4;
/** More than a waypoint may gain by any load here, however large its bodies are. */
const GAIN_MEBIBYTES = 256;
/** Of each request under way, with its two streams. */
const REQUEST_MEBIBYTES = 0.06;

let world: WaypointWorld;
before(async () => {
  world = await startWaypointWorld({
    name: 'harness-load',
    nodes: NODES,
    replicas: NODES,
    // The first of the slow clients has an unfinished head until the last has come.
    waypointFlags: '--head-timeout=5m',
  });
});
after(() => world.lab.down());

/** What the waypoint needs at its fullest beyond what it had before. */
async function gainOf(work: () => Promise<void>): Promise<number> {
  const most = async (): Promise<{ resident: number; peak: number }> => {
    const all = await waypointMemory(world.lab, SHOP);
    return {
      resident: Math.max(0, ...all.map(({ resident }) => resident)),
      peak: Math.max(0, ...all.map(({ peak }) => peak)),
    };
  };
  const before = await most();
  await work();
  return (await most()).peak - before.resident;
}

/** The most requests that the servers had at a time, all of them together. */
async function requestsAtOnce(): Promise<number> {
  const names = (await world.lab.lab('get', 'pods', '-n', SHOP)).match(/^server-\S+/gm) ?? [];
  const script = 'fetch("http://127.0.0.1:8080/load").then((r) => r.text()).then(console.log)';
  const loads = await Promise.all(
    names.map((name) => world.lab.lab('exec', '-n', SHOP, name, '--', 'node', '-e', script)),
  );
  return loads.reduce((sum, load) => sum + Number(json(load).peak), 0);
}

const json = (printed: string): Record<string, unknown> =>
  JSON.parse(printed.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;

for (const [form, port] of [
  ['length', '80'],
  ['chunked', '80'],
  ['h2', '81'],
] as const) {
  test(`large bodies arrive whole in both directions (${form})`, { timeout: 600_000 }, async (t) => {
    const gain = await gainOf(async () => {
      for (const direction of ['upload', 'download']) {
        const transfer = [direction, world.host, port, String(BULK_BYTES), form] as const;
        const got = json(await world.run('load/transfer-client.ts', { timeoutMs: 300_000 }, ...transfer));
        t.same(got, { status: 200, bytes: BULK_BYTES, equal: true }, direction);
      }
    });
    t.ok(gain < GAIN_MEBIBYTES, `the waypoint gained ${gain} MiB at its fullest`);
  });
}

test('answers that nobody reads are held back at their source', { timeout: 300_000 }, async (t) => {
  const gain = await gainOf(async () => {
    const got = json(
      await world.run('load/stalled-readers.ts', {}, world.host, '80', '100', String(64 << 20)),
    );
    t.match(got, { open: 100, served: 50 });
    t.comment(`slowest small request beside them: ${got.slowestMs} ms`);
  });
  t.ok(gain < GAIN_MEBIBYTES, `the waypoint gained ${gain} MiB at its fullest`);
});

test(`${SLOW_CLIENTS} slow clients are served at once`, { timeout: 600_000 }, async (t) => {
  const gain = await gainOf(async () => {
    const perNode = SLOW_CLIENTS / NODES;
    const results = await Promise.all(
      Array.from({ length: NODES }, (_, index) =>
        world.run(
          'load/slow-clients.ts',
          { node: index + 1, timeoutMs: 300_000 },
          world.host,
          '80',
          String(perNode),
          String(HOLD_MS),
        ),
      ),
    );
    for (const result of results)
      t.same(json(result), { count: perNode, connected: perNode, served: perNode, errors: {} });
  });
  const atOnce = await requestsAtOnce();
  t.ok(atOnce > SLOW_CLIENTS * 0.9, `the servers had ${atOnce} requests at once`);
  t.ok(
    gain < Math.max(GAIN_MEBIBYTES, SLOW_CLIENTS * REQUEST_MEBIBYTES),
    `the waypoint gained ${gain} MiB at its fullest`,
  );
});
