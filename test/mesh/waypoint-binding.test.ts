import { after, before, test } from 'tap';
import { startWorld, until, type World } from './support/world.ts';

// Waypoints without pods (0 replicas): what is told here is how traffic is kept from going round them.
let world: World;
before(async () => {
  world = await startWorld({ name: 'binding', namespaces: { shop: true, outside: false } });
});
after(() => world.lab.down());

const USE = 'istio.io/use-waypoint';
const label = (kind: string, name: string, ...changes: string[]): Promise<string> =>
  world.lab.lab('label', kind, name, '-n', 'shop', ...changes);
const echo = async (from: string): Promise<unknown> =>
  (await world.lab.client(world.client(from), 'echo', world.server('shop', 7000))).outcome;
const echoPod = async (from: string): Promise<unknown> => {
  const host = await world.serverAddress('shop');
  return (await world.lab.client(world.client(from), 'echo', { host, port: 7000 })).outcome;
};
const becomes = (what: string, outcome: () => Promise<unknown>, ok: boolean): Promise<void> =>
  until(what, async () => ((await outcome()) === 'ok') === ok);

async function metrics(node: string): Promise<string> {
  return world.lab.nodemesh('admin', `ztunnel/${node}`, '/metrics');
}

function gateway(replicas: number): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: {
      name: 'waypoint',
      namespace: 'shop',
      annotations: { 'gateway.nodemesh.io/replicas': String(replicas) },
    },
    spec: {
      gatewayClassName: 'nodemesh-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
    },
  };
}

test('a label that names a waypoint that is not there refuses, and says so everywhere', async (t) => {
  t.equal(await echo('shop'), 'ok');
  await label('svc', 'server', `${USE}=waypoint`);
  await becomes('refused', () => echo('shop'), false);
  t.equal(await echoPod('shop'), 'ok', 'the pod’s own address is another matter');
  const log = await world.lab.lab('logs', 'ztunnel/node-1');
  t.match(log, /service shop\/server is to be reached through waypoint shop\/waypoint, which does not exist/);
  t.match(await metrics('node-1'), /nodemesh_refusals_total\{[^}]*reason="WAYPOINT_MISSING"[^}]*\} [1-9]/);
  const service = await world.lab.lab('get', 'svc', 'server', '-n', 'shop', '-o', 'yaml');
  t.match(service, /type: istio.io\/WaypointBound\n +status: "False"\n +reason: WaypointMissing/);
});

test('open lets it go round, while and only while the waypoint cannot take it', async () => {
  await label('ns', 'shop', 'nodemesh.io/waypoint-failure=open');
  await becomes('let round', () => echo('shop'), true);
  await label('ns', 'shop', 'nodemesh.io/waypoint-failure-');
  await becomes('refused again', () => echo('shop'), false);
});

test('a waypoint without a pod that is ready refuses, and its Gateway says why', async (t) => {
  await world.lab.apply(gateway(0));
  const listed = (): Promise<string> => world.lab.nodemesh('waypoint', 'list', '-n', 'shop');
  await until('the Gateway has a status', async () => /^waypoint .* False$/m.test(await listed()));
  t.match(await listed(), /^waypoint +default +service +False$/m);
  t.not(await echo('shop'), 'ok');
  await until('not ready is the reason now', async () => {
    await echo('shop');
    return /reason="WAYPOINT_NOT_READY"[^}]*\} [1-9]/.test(await metrics('node-1'));
  });
  await t.rejects(world.lab.nodemesh('waypoint', 'status', '-n', 'shop'), {
    message: /waypoint +False +Programmed +Pending +no pod of the waypoint is ready \(0 of 0\)/,
  });
});

test('what comes round a waypoint is counted, and refused where the label says so, open connections too', async (t) => {
  t.equal(await echoPod('shop'), 'ok');
  t.equal(await echoPod('outside'), 'ok');
  const counted = await metrics('node-2');
  t.match(counted, /nodemesh_waypoint_bypass_total\{[^}]*mutual_tls[^}]*outcome="allowed"\} [1-9]/);
  t.match(
    counted,
    /nodemesh_waypoint_bypass_total\{[^}]*unknown[^}]*outcome="allowed"\} [1-9]/,
    'plaintext too',
  );
  const host = await world.serverAddress('shop');
  const held = world.lab.client(world.client('shop'), 'hold', { host, port: 7000 }, 3, 15);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await label('pod', 'server', 'nodemesh.io/waypoint-bypass=refuse');
  t.match(await held, { count: 3, failed: 3 });
  await becomes('refused', () => echoPod('shop'), false);
  t.not(await echoPod('outside'), 'ok');
  const log = await world.lab.lab('logs', 'ztunnel/node-2');
  t.match(log, /sa\/client came round waypoint shop\/waypoint[^\n]* of the service shop\/server/);
  t.match(await metrics('node-2'), /nodemesh_waypoint_bypass_total\{[^}]*outcome="refused"\} [1-9]/);
  const status = await world.lab.lab('get', 'pod', 'server', '-n', 'shop');
  t.match(status, /server +1\/1/, 'the probe of the node is no bypass');
  await label('pod', 'server', 'nodemesh.io/waypoint-bypass-');
  await becomes('taken again', () => echoPod('shop'), true);
});

test('a pod’s own label binds it, for what is sent to its address', async () => {
  await label('pod', 'server', `${USE}=edge`);
  await becomes('refused', () => echoPod('shop'), false);
  await label('pod', 'server', `${USE}-`);
  await becomes('direct', () => echoPod('shop'), true);
});

test('deleting a waypoint takes what was made for it, and warns of who still wants it', async (t) => {
  const removed = await world.lab.nodemesh('waypoint', 'delete', 'waypoint', '-n', 'shop');
  t.match(removed, /waypoint shop\/waypoint deleted/);
  await until('nothing is left of it', async () => {
    const listed = await world.lab.lab('get', 'deploy,svc,sa,cm', '-n', 'shop', '-o', 'json');
    const { items } = JSON.parse(listed) as {
      readonly items: readonly { readonly metadata: { readonly name: string } }[];
    };
    return items.every(({ metadata }) => !metadata.name.startsWith('waypoint'));
  });
  t.not(await echo('shop'), 'ok');
  await label('svc', 'server', `${USE}-`);
  await becomes('direct again', () => echo('shop'), true);
});

test('apply labels the namespace, which none on a service leaves again', async (t) => {
  const applied = await world.lab.nodemesh(
    'waypoint',
    'apply',
    '-n',
    'shop',
    '--name',
    'edge',
    '--enroll-namespace',
  );
  t.match(applied, /waypoint shop\/edge applied\nnamespace shop labeled with "istio.io\/use-waypoint: edge"/);
  await t.rejects(world.lab.nodemesh('waypoint', 'apply', '-n', 'shop', '--enroll-namespace'), {
    message: /namespace shop has the label istio.io\/use-waypoint: edge\nhint: .*--overwrite/,
  });
  await label('svc', 'server', `${USE}=none`);
  await becomes('direct', () => echo('shop'), true);
});
