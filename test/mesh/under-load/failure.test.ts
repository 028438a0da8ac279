import { after, before, test } from 'tap';
import { namespace, pod, service } from '../support/objects.ts';
import { LOAD_SECONDS, startWorld, until, type World } from '../support/world.ts';

const TIMEOUT = { timeout: (LOAD_SECONDS * 3 + 300) * 1000 };

let world: World;
before(async () => {
  world = await startWorld({ name: 'failure', namespaces: { shop: true, outside: false } });
});
after(() => world.lab.down());

const load = (perSecond: number, seconds: number) =>
  world.lab.client(world.client('shop'), 'rate', world.server('shop', 7000), perSecond, seconds);
const isServed = async (): Promise<boolean> =>
  (await world.lab.client(world.client('shop'), 'echo', world.server('shop', 7000))).outcome === 'ok';

test('a killed ztunnel lets nothing out in plaintext and comes back', TIMEOUT, async (t) => {
  const capture = world.lab.lab('capture', 'node-1', '--seconds', '8');
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const during = load(20, 5);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await world.lab.lab('kill', 'ztunnel', 'node-1');
  const answer = await during;
  t.comment(`20 new connections/s, killed in the first second: ${JSON.stringify(answer)}`);
  await until('the client is served again', isServed);
  t.notMatch(await capture, /request \d+ of \d+/, 'no request was readable on the wire');
});

test('a ztunnel killed while the controller is away comes back too', TIMEOUT, async (t) => {
  await world.lab.lab('stop', 'controller');
  try {
    await world.lab.lab('kill', 'ztunnel', 'node-1');
    const startedMs = performance.now();
    await until('the client is served again', isServed);
    t.comment(`served again after ${Math.round(performance.now() - startedMs)} ms`);
  } finally {
    await world.lab.lab('start', 'controller');
  }
});

test(
  'traffic goes on while the controller is away, and what was missed is made up for',
  TIMEOUT,
  async (t) => {
    await world.lab.lab('stop', 'controller');
    const during = load(50, LOAD_SECONDS);
    await world.lab.apply(
      namespace('late'),
      pod({ namespace: 'late', name: 'server', node: 'node-2', program: 'server.ts' }),
      service('late', 'server', { app: 'server' }),
    );
    const answer = await during;
    await world.lab.lab('start', 'controller');
    t.equal(answer.ok, answer.total, JSON.stringify(answer));
    await until('the late pod is served', async () => {
      const late = await world.lab.client(world.client('shop'), 'echo', world.server('late', 7000));
      return late.outcome === 'ok';
    });
  },
);

test('ten new generations of a ztunnel take over under load without a lost connection', {
  timeout: 300_000,
}, async (t) => {
  const seconds = Math.max(40, LOAD_SECONDS);
  const during = load(50, seconds);
  const held = world.lab.client(world.client('shop'), 'hold', world.server('shop', 7000), 5, seconds);
  const startedMs = performance.now();
  for (let generation = 1; generation <= 10; generation++) {
    await world.lab.lab('upgrade-ztunnel', generation % 2 === 0 ? 'node-1' : 'node-2');
  }
  t.comment(`ten generations in ${Math.round(performance.now() - startedMs)} ms`);
  const answer = await during;
  t.equal(answer.ok, answer.total, JSON.stringify(answer));
  t.match(await held, { failed: 0 });
});
