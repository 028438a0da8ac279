import { after, before, test } from 'tap';
import { authorizationPolicy } from './support/objects.ts';
import { LOAD_SECONDS, startWorld, until, type World } from './support/world.ts';

// The way through a waypoint that runs, for TCP: what it does with HTTP is tested elsewhere.
let world: World;
before(async () => {
  world = await startWorld({ name: 'waypath', namespaces: { shop: true, outside: false } });
  await world.lab.nodemesh('waypoint', 'apply', '-n', 'shop', '--for', 'all', '--wait');
});
after(() => world.lab.down());

const USE = 'istio.io/use-waypoint';
const label = (kind: string, name: string, ...changes: string[]): Promise<string> =>
  world.lab.lab('label', kind, name, '-n', 'shop', ...changes);
const echo = async (): Promise<unknown> =>
  (await world.lab.client(world.client('shop'), 'echo', world.server('shop', 7000))).outcome;

async function throughWaypoint(): Promise<boolean> {
  await echo();
  const log = await world.lab.lab('logs', 'ztunnel/node-1', '--tail', '4');
  return /dst\.identity=spiffe:\/\/cluster\.local\/ns\/shop\/sa\/waypoint/.test(log);
}

async function addressOf(pod: string): Promise<string> {
  const text = await world.lab.lab('get', 'pod', pod, '-n', 'shop', '-o', 'json');
  return (JSON.parse(text) as { status: { podIP: string } }).status.podIP;
}

/** Names of the waypoint's pods that are there. */
async function waypointPods(name = 'waypoint'): Promise<readonly string[]> {
  const table = await world.lab.lab('get', 'pods', '-n', 'shop');
  return [...table.matchAll(new RegExp(`^(${name}-\\S+)`, 'gm'))].map(([pod]) => pod);
}

async function untilReady(pods: number): Promise<void> {
  await until(`${pods} pods of the waypoint are ready, and no other is there`, async () => {
    const table = await world.lab.lab('get', 'pods', '-n', 'shop');
    const rows = [...table.matchAll(/^waypoint-\S+ +(\S+) +(\S+)/gm)];
    return rows.length === pods && rows.every(([, ready]) => ready === '1/1');
  });
}

test('a labelled service is reached through its waypoint, and the server sees the real client', async (t) => {
  await label('ns', 'shop', `${USE}=waypoint`);
  await until('through the waypoint', throughWaypoint);
  t.equal(await echo(), 'ok');
  const said = await world.lab.client(world.client('shop'), 'listen', world.server('shop', 7001), 500);
  t.match(said.text, new RegExp(`hello (::ffff:)?${await addressOf('client')}\n`));
});

test('a client in the mesh reads the metrics of a waypoint, and nothing else of it', async (t) => {
  const [pod = ''] = await waypointPods();
  const ask = async (port: number): Promise<string> => {
    const script = `fetch("http://${await addressOf(pod)}:${port}/metrics", { signal: AbortSignal.timeout(9000) })
      .then((r) => r.text()).then(console.log, (error) => console.log("failed", error.cause?.code ?? error.message))`;
    return world.lab.lab('exec', '-n', 'shop', 'client', '--', 'node', '-e', script);
  };
  t.match(await ask(15020), /^istio_build/m);
  t.match(await ask(15000), /^failed/);
});

test('a pod dialled by its own address goes through it as well, and from there not round in circles', async (t) => {
  const host = await world.serverAddress('shop');
  const dialled = { host, port: 7001 };
  const said = await world.lab.client(world.client('shop'), 'listen', dialled, 500);
  t.match(said.text, new RegExp(`hello (::ffff:)?${await addressOf('client')}\n`));
  const log = await world.lab.lab('logs', 'ztunnel/node-1', '--tail', '4');
  t.match(log, /dst\.identity=spiffe:\/\/cluster\.local\/ns\/shop\/sa\/waypoint/);
});

test('a guarded pod takes what comes through the waypoint', async (t) => {
  await label('pod', 'server', 'nodemesh.io/waypoint-bypass=refuse');
  const host = await world.serverAddress('shop');
  await until('plaintext from outside is refused', async () => {
    const { outcome } = await world.lab.client(world.client('outside'), 'echo', { host, port: 7000 });
    return outcome !== 'ok';
  });
  t.equal(await echo(), 'ok');
  await label('pod', 'server', 'nodemesh.io/waypoint-bypass-');
});

test('a policy by selector judges the waypoint, and its refusal says so', async (t) => {
  await world.lab.apply(
    authorizationPolicy({
      namespace: 'shop',
      name: 'clients-only',
      action: 'ALLOW',
      principals: ['cluster.local/ns/shop/sa/client'],
      app: 'server',
    }),
  );
  await until('refused', async () => (await echo()) !== 'ok');
  const log = await world.lab.lab('logs', 'ztunnel/node-2');
  t.match(
    log,
    /what was judged is waypoint shop\/waypoint[^\n]*spiffe:\/\/cluster\.local\/ns\/shop\/sa\/waypoint/,
  );
  await world.lab.apply(
    authorizationPolicy({
      namespace: 'shop',
      name: 'clients-only',
      action: 'ALLOW',
      principals: ['cluster.local/ns/shop/sa/waypoint'],
      app: 'server',
    }),
  );
  await until('let in', async () => (await echo()) === 'ok');
  await world.lab.lab('delete', 'authorizationpolicy', 'clients-only', '-n', 'shop');
});

test('a waypoint that is scaled up, down and replaced costs no client an error', async (t) => {
  const before = await waypointPods();
  const seconds = Math.max(LOAD_SECONDS, 20);
  const load = world.lab.client(world.client('shop'), 'rate', world.server('shop', 7000), 50, seconds);
  await world.lab.lab('scale', 'deploy/waypoint', '-n', 'shop', '--replicas', '3');
  await untilReady(3);
  await world.lab.lab('scale', 'deploy/waypoint', '-n', 'shop', '--replicas', '1');
  await untilReady(1);
  // Another template: every pod is replaced.
  await world.lab.lab('annotate', 'gateway', 'waypoint', '-n', 'shop', 'note=again');
  await until('replaced', async () => {
    const pods = await waypointPods();
    return pods.length === 1 && !before.includes(pods[0] ?? '');
  });
  const { total, ok, outcomes, firstFailures } = await load;
  t.equal(ok, total, JSON.stringify({ outcomes, firstFailures }));
});

test('a canary takes its share', async (t) => {
  await world.lab.nodemesh('waypoint', 'apply', '-n', 'shop', '--name', 'canary', '--wait');
  await world.lab.lab('annotate', 'svc', 'server', '-n', 'shop', 'istio.io/use-waypoint-canary-weight=50');
  await label('svc', 'server', `${USE}=waypoint`, 'istio.io/use-waypoint-canary=canary');
  await until('both take connections', async () => {
    await world.lab.client(world.client('shop'), 'rate', world.server('shop', 7000), 20, 1);
    const log = await world.lab.lab('logs', 'ztunnel/node-1', '--tail', '40');
    return ['waypoint', 'canary'].every((name) => log.includes(`spiffe://cluster.local/ns/shop/sa/${name} `));
  });
  await world.lab.nodemesh('waypoint', 'delete', 'canary', '-n', 'shop');
  await until('the primary takes all', async () => (await echo()) === 'ok');
  const rest = await world.lab.client(world.client('shop'), 'rate', world.server('shop', 7000), 20, 1);
  t.equal(rest.ok, rest.total);
});
