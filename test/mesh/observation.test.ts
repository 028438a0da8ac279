import { after, before, test } from 'tap';
import { type ApiClient, createApiClient } from '../../src/cli/api/index.ts';
import { dashboardOf } from '../../src/cli/running-mesh/index.ts';
import type { LabStatus } from '../../src/lab/index.ts';
import type { LiveMessage, RefusalView, TopologyEdge } from '../../src/model/index.ts';
import { authorizationPolicy, serviceOf, webServer } from './support/objects.ts';
import { startWorld, until, type World } from './support/world.ts';

// What proxies see, as the API of each node and of the mesh tells it: traffic through two nodes, and through a waypoint.
const WINDOW = 300;
let world: World;
let status: LabStatus;
before(async () => {
  world = await startWorld({
    name: 'seen',
    namespaces: { shop: true },
    more: [
      webServer(),
      serviceOf('shop', 'web', [{ name: 'http', port: 80, targetPort: 8080 }], {
        labels: { 'istio.io/use-waypoint': 'waypoint' },
      }),
    ],
  });
  await world.lab.nodemesh('waypoint', 'apply', '-n', 'shop', '--wait');
  await until('the web server answers', async () => (await requests(1)).every((code) => code === 200));
  status = JSON.parse(await world.lab.lab('status', '-o', 'json')) as LabStatus;
});
after(() => world.lab.down());

function api(node?: string): ApiClient {
  return createApiClient({ url: dashboardOf(status, node), token: undefined });
}

/** Statuses of so many requests through the waypoint. */
async function requests(count: number, path = '/'): Promise<readonly number[]> {
  const script = `
    const found = [];
    for (let left = ${count}; left > 0; left--)
      found.push((await fetch('http://web.shop.svc.cluster.local${path}')).status);
    console.log(JSON.stringify(found));`;
  const printed = await world.lab.lab(
    ...['exec', '-n', 'shop', 'client', '--', 'node', '--input-type=module', '-e', script],
  );
  return JSON.parse(printed) as readonly number[];
}

async function connections(count: number): Promise<void> {
  for (let left = count; left > 0; left--)
    await world.lab.client(world.client('shop'), 'echo', world.server('shop', 7000));
}

/** How often something happened on one edge of the topology, which tells rates. */
async function counted(
  client: ApiClient,
  ends: readonly [from: string, to: string],
  what: 'connects' | 'requests',
): Promise<{ readonly count: number; readonly edges: readonly TopologyEdge[] }> {
  const { edges } = await client.get('/api/v1/topology', { window: WINDOW });
  const found = edges.filter(({ from, to }) => from === ends[0] && to === ends[1]);
  const count = found.reduce((sum, { rates }) => sum + rates[what] * rates.seconds, 0);
  return { count: Math.round(count), edges: found };
}

const CLIENT = 'workload/shop/client';

test('TCP through two nodes is one edge with the right number at either node, and once in the mesh', async (t) => {
  const ends = [CLIENT, 'service/shop/server'] as const;
  const apis = { 'node-1': api('node-1'), 'node-2': api('node-2'), mesh: api() };
  const before = await Promise.all(Object.values(apis).map((one) => counted(one, ends, 'connects')));
  await until('the mesh knows what was before', async () => {
    const [one, , mesh] = await Promise.all(
      Object.values(apis).map((each) => counted(each, ends, 'connects')),
    );
    return one?.count === mesh?.count && one?.count === before[0]?.count;
  });
  const first = before[0]?.count ?? 0;
  await connections(5);
  for (const [where, client] of Object.entries(apis)) {
    await until(`${where} knows of ${first + 5} connections`, async () => {
      const { count } = await counted(client, ends, 'connects');
      return count === first + 5;
    });
    const { edges } = await counted(client, ends, 'connects');
    t.equal(edges.length, 1, where);
    t.match(edges[0], { protocol: 'tcp', mutualTls: true, rates: { refused: 0, failed: 0 } });
  }
});

test('requests through a waypoint are told once, with their service and the pod that answered', async (t) => {
  const ends = [CLIENT, 'service/shop/web'] as const;
  const mesh = api();
  const settled = async (): Promise<number> => {
    let last = -1;
    await until(
      'nothing new comes',
      async () => {
        const { count } = await counted(mesh, ends, 'requests');
        const isSame = count === last && count > 0;
        last = count;
        await new Promise((resolve) => setTimeout(resolve, 6_000));
        return isSame;
      },
      60_000,
    );
    return last;
  };
  const first = await settled();
  t.same(new Set(await requests(7)), new Set([200]));
  await until(`the mesh knows of ${first + 7} requests`, async () => {
    const { count } = await counted(mesh, ends, 'requests');
    return count === first + 7;
  });
  const { edges } = await counted(mesh, ends, 'requests');
  t.equal(edges.length, 1);
  t.match(edges[0], { protocol: 'http', mutualTls: true, rates: { success: 1 } });
  const behind = await counted(mesh, ['service/shop/web', 'workload/shop/web'], 'requests');
  t.equal(behind.count, first + 7);
  const { waypoints } = await mesh.get('/api/v1/waypoints', { window: WINDOW });
  t.match(waypoints, [{ namespace: 'shop', name: 'waypoint', ready: { pods: 1 } }]);
});

test('a refusal is at the node and in the mesh soon, with its policy, and at whoever follows', async (t) => {
  await world.lab.apply(
    authorizationPolicy({
      namespace: 'shop',
      name: 'nobody',
      action: 'DENY',
      principals: ['cluster.local/ns/shop/sa/client'],
      app: 'server',
    }),
  );
  const followed: LiveMessage[] = [];
  const feed = await api('node-2').live({ follow: ['refusals'] }, (message) => followed.push(message));
  await until('the policy holds', async () => {
    const { outcome } = await world.lab.client(world.client('shop'), 'echo', world.server('shop', 7000));
    return outcome !== 'ok';
  });
  const refusedAt = Date.now();
  const isTold = (refusal: RefusalView): boolean =>
    refusal.policy === 'shop/nobody' && refusal.proxy === 'ztunnel/node-2';
  for (const [where, client] of [
    // The client's node knows it from the answer that it got.
    ['node-1', api('node-1')],
    ['node-2', api('node-2')],
    ['mesh', api()],
  ] as const) {
    await until(`the refusal is at ${where}`, async () => {
      const { refusals } = await client.get('/api/v1/refusals', { window: WINDOW });
      return refusals.some(isTold);
    });
    t.comment(`${where}: ${Date.now() - refusedAt} ms after the client heard of it`);
    const { refusals } = await client.get('/api/v1/refusals', { window: WINDOW });
    t.match(refusals.find(isTold), {
      proxy: 'ztunnel/node-2',
      kind: 'refused',
      rule: 1,
      source: { namespace: 'shop', workload: 'client', identity: 'spiffe://cluster.local/ns/shop/sa/client' },
      destination: { namespace: 'shop', workload: 'server' },
      message: /explicitly denied by shop\/nobody/,
      hint: /out of rule 1 of shop\/nobody/,
    });
  }
  const names = async (client: ApiClient): Promise<readonly string[]> => {
    const { refusals } = await client.get('/api/v1/refusals', { window: WINDOW });
    return refusals
      .filter(isTold)
      .map(({ id }) => id)
      .sort();
  };
  const own = await names(api('node-2'));
  t.equal(new Set(own).size, own.length);
  t.same(await names(api('node-1')), own, 'who dialled calls them as who refused does');
  await until('the mesh tells of each of them once', async () => String(await names(api())) === String(own));
  await until('whoever follows was told', async () =>
    followed.some((message) => message.topic === 'refusals' && message.refusals.some(isTold)),
  );
  feed.close();
  const { policies } = await api('node-2').get('/api/v1/policies');
  t.ok((policies.find(({ name }) => name === 'nobody')?.denied ?? 0) > 0, 'the policy counts it');
  const { flows } = await api('node-2').get('/api/v1/flows', { verdict: 'refused', window: WINDOW });
  t.match(flows, [{ policy: 'shop/nobody', source: { workload: 'client' }, request: undefined }]);
});

test('a request that a waypoint refuses is told with its method, path, policy and rule', async (t) => {
  await world.lab.apply({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { namespace: 'shop', name: 'no-admin' },
    spec: {
      targetRefs: [{ group: '', kind: 'Service', name: 'web' }],
      action: 'DENY',
      rules: [
        { to: [{ operation: { paths: ['/nowhere'] } }] },
        { to: [{ operation: { paths: ['/admin'] } }] },
      ],
    },
  });
  await until('the policy holds', async () => (await requests(1, '/admin'))[0] === 403);
  const find = async (): Promise<RefusalView | undefined> => {
    const { refusals } = await api().get('/api/v1/refusals', { window: WINDOW });
    return refusals.find(({ policy }) => policy === 'shop/no-admin');
  };
  await until('the mesh knows of it', async () => (await find()) !== undefined);
  t.match(await find(), {
    proxy: /^waypoint\/shop\/waypoint-/,
    reporter: 'waypoint',
    rule: 2,
    service: { namespace: 'shop', name: 'web', port: 80 },
    request: { method: 'GET', host: 'web.shop.svc.cluster.local', path: '/admin', status: 403 },
  });
});

test('a node tells of its pods, their certificates, and what they cost', async (t) => {
  const node = api('node-1');
  t.match(await node.get('/api/v1/info'), { scope: 'node', node: 'node-1', trustDomain: 'cluster.local' });
  const { workloads } = await node.get('/api/v1/workloads', { window: WINDOW });
  const client = workloads.find(({ name }) => name === 'client');
  t.match(client, { enrolment: 'captured', protocol: 'HBONE', node: 'node-1', olderConnections: 0 });
  t.ok((client?.certificate?.notAfterMs ?? 0) > Date.now());
  t.ok((client?.cost?.cpuShare ?? 0) > 0 && (client?.cost?.cpuShare ?? 2) <= 1);
  const { certificates } = await node.get('/api/v1/certificates');
  const own = certificates.find(({ name }) => name === 'spiffe://cluster.local/ns/shop/sa/client');
  t.match(own, { kind: 'workload', state: 'available', rotations: [{ outcome: 'issued' }] });
  t.ok(certificates.some(({ kind }) => kind === 'root'));
});
