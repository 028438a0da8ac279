import { after, before, test } from 'tap';
import { pod, serviceOf, webServer } from './support/objects.ts';
import { startWorld, until, type World } from './support/world.ts';

// RateLimit, FaultInjection and Filter at waypoints that run: from the objects to what a client gets.
let world: World;
before(async () => {
  world = await startWorld({
    name: 'fence',
    namespaces: { shop: true },
    more: [
      webServer(),
      serviceOf('shop', 'web', [{ name: 'http', port: 80, targetPort: 8080 }]),
      redis(),
      serviceOf('shop', 'valkey', [{ name: 'redis', port: 6379 }]),
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { namespace: 'shop', name: 'waypoint-credentials' },
        data: { valkey: Buffer.from('secret\n').toString('base64') },
      },
    ],
  });
  await world.lab.nodemesh('waypoint', 'apply', '-n', 'shop', '--enroll-namespace', '--wait');
  await until('the web server answers', async () => (await ask('/')).status === 200);
});
after(() => world.lab.down());

function redis(): object {
  const command = ['redis-server', '--save', '', '--protected-mode', 'no', '--requirepass', 'secret'];
  const base = pod({ namespace: 'shop', name: 'valkey', node: 'node-1' }) as { readonly spec: object };
  return { ...base, spec: { ...base.spec, containers: [{ name: 'main', command }] } };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly ms: number;
}

interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly times?: number;
  readonly from?: string;
}

/** GETs by a pod of the namespace, one after another. */
async function askTimes(
  path: string,
  { headers = {}, times = 1, from = 'client' }: Asked,
): Promise<readonly Answer[]> {
  const script = `
    const answers = [];
    for (let index = 0; index < ${times}; index++) {
      const startMs = performance.now();
      const answer = await fetch('http://web.shop.svc.cluster.local' + ${JSON.stringify(path)}, {
        headers: ${JSON.stringify(headers)}, redirect: 'manual' });
      const body = await answer.text();
      answers.push({ status: answer.status, headers: Object.fromEntries(answer.headers), body, ms: performance.now() - startMs });
    }
    console.log(JSON.stringify(answers));`;
  const command = ['exec', '-n', 'shop', from, '--', 'node', '--input-type=module', '-e', script];
  return JSON.parse(await world.lab.lab(...command)) as Answer[];
}

async function ask(path: string, asked: Asked = {}): Promise<Answer> {
  const [answer] = await askTimes(path, asked);
  if (answer === undefined) throw new Error('no answer');
  return answer;
}

function object(kind: string, spec: object, name = 'a'): object {
  const metadata = { namespace: 'shop', name };
  return { apiVersion: 'nodemesh.io/v1alpha1', kind, metadata, spec };
}

const TO_WEB = [{ kind: 'Service', name: 'web' }];

async function withObjects(objects: readonly object[], run: () => Promise<void>): Promise<void> {
  await world.lab.apply(...objects);
  try {
    await run();
  } finally {
    for (const one of objects) {
      const { kind, metadata } = one as { kind: string; metadata: { name: string } };
      await world.lab.lab('delete', kind.toLowerCase(), metadata.name, '-n', 'shop');
    }
  }
}

const becomes = (what: string, holds: (answer: Answer) => boolean, asked: Asked = {}) =>
  until(what, async () => holds(await ask('/', asked)));
const metrics = () => world.lab.nodemesh('admin', 'waypoint/shop/waypoint', '/metrics');

test('a rate limit for each client refuses what is too much, and tells when to come again', async (t) => {
  const limit = { requests: 3, interval: '1h', per: [{ type: 'Identity' }] };
  await withObjects(
    [object('RateLimit', { targetRefs: TO_WEB, rules: [{ limits: [limit] }], announce: true })],
    async () => {
      await becomes('counted', ({ headers }) => 'ratelimit' in headers, { from: 'server' });
      const statuses = (await askTimes('/', { times: 5 })).map(({ status }) => status);
      t.same(statuses, [200, 200, 200, 429, 429]);
      const refused = await ask('/');
      t.match(refused, { body: 'rate limit exceeded\n', headers: { 'retry-after': /^1\d{3}$/ } });
      t.equal((await ask('/', { from: 'server' })).status, 200, 'another identity has a bucket of its own');
      t.match(await metrics(), /nodemesh_rate_limited_total\{policy="shop\/a",rule="#1"\} 3/);
      t.match(await world.lab.lab('get', 'ratelimits', '-n', 'shop'), /^a +True/m);
    },
  );
  await becomes('not limited any more', ({ status }) => status === 200);
});

async function waypointPods(): Promise<readonly string[]> {
  const text = await world.lab.lab('get', 'pods', '-n', 'shop', '-o', 'json');
  const { items } = JSON.parse(text) as { items: readonly { metadata: { name: string } }[] };
  return items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith('waypoint-'));
}

test('a global limit is one for all replicas; its server is reached through the mesh, with a password of a Secret', async (t) => {
  await world.lab.lab('scale', 'deploy/waypoint', '-n', 'shop', '--replicas', '2');
  await until('two replicas', async () => {
    const text = await world.lab.lab('get', 'deployment', 'waypoint', '-n', 'shop', '-o', 'json');
    return (JSON.parse(text) as { status: { readyReplicas?: number } }).status.readyReplicas === 2;
  });
  const global = {
    service: { name: 'valkey', port: 6379 },
    auth: { passwordFile: 'valkey' },
    timeout: '5s',
    failure: 'Closed',
  };
  const rules = [
    { matches: [{ headers: [{ name: 'x-try', type: 'Absent' }] }], limits: [] },
    { limits: [{ requests: 20, interval: '24h' }] },
  ];
  const headers = { 'x-try': '1' };
  await withObjects([object('RateLimit', { targetRefs: TO_WEB, rules, global })], async () => {
    // Before the counted requests come, both replicas have to know the limit and to have reached its server.
    await until('both count', async () => {
      const logs = await Promise.all(
        (await waypointPods()).map((name) => world.lab.lab('logs', '-n', 'shop', name)),
      );
      return logs.length === 2 && logs.every((log) => log.includes('counting server connected'));
    });
    const answers = await Promise.all(Array.from({ length: 4 }, () => askTimes('/', { headers, times: 20 })));
    const statuses = answers.flat().map(({ status }) => status);
    t.equal(statuses.filter((status) => status === 200).length, 20);
    t.same(new Set(statuses), new Set([200, 429]));
    t.equal((await ask('/')).status, 200, 'a rule without limits');
    await world.lab.lab('delete', 'pod', 'valkey', '-n', 'shop');
    await becomes('closed without its server', ({ status }) => status === 503, { headers });
    await world.lab.apply(redis());
    await becomes('counted again', ({ status }) => status === 200 || status === 429, { headers });
  });
  await world.lab.lab('scale', 'deploy/waypoint', '-n', 'shop', '--replicas', '1');
});

test('faults come to those who ask for them, and a delay ends with the time of the request', async (t) => {
  const rules = [
    { matches: [{ headers: [{ name: 'x-fault', value: 'abort' }] }], abort: { status: 418 } },
    { matches: [{ headers: [{ name: 'x-fault', value: 'delay' }] }], delay: { duration: '1s' } },
    { matches: [{ headers: [{ name: 'x-fault', value: 'long' }] }], delay: { duration: '5m' } },
  ];
  const route = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { namespace: 'shop', name: 'timed' },
    spec: {
      parentRefs: [{ group: '', kind: 'Service', name: 'web', port: 80 }],
      rules: [{ timeouts: { request: '2s' }, backendRefs: [{ name: 'web', port: 80 }] }],
    },
  };
  await withObjects([object('FaultInjection', { targetRefs: TO_WEB, rules }), route], async () => {
    await becomes('aborted', ({ status }) => status === 418, { headers: { 'x-fault': 'abort' } });
    t.equal((await ask('/')).status, 200);
    const delayed = await ask('/', { headers: { 'x-fault': 'delay' } });
    t.equal(delayed.status, 200);
    t.ok(delayed.ms >= 990, `${delayed.ms} ms`);
    await becomes('the route', ({ status }) => status === 504, { headers: { 'x-fault': 'long' } });
  });
});

test('a filter of a ConfigMap is in force, changes while it runs, and a broken change is told and not taken', async (t) => {
  const map = (code: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'shop', name: 'filters' },
    data: { 'mark.ts': code },
  });
  const code = (mark: string) => `
    import type { OnRequest, OnResponse } from 'nodemesh/filter';
    export const onRequest: OnRequest = (request, { client }) => {
      if (request.headers.get('x-who') === 'nobody') return { status: 403, body: client.serviceAccount };
      request.headers.set('x-mark', '${mark}');
    };
    export const onResponse: OnResponse = (response) => response.headers.set('x-mark', '${mark}');`;
  const filter = object('Filter', {
    targetRefs: TO_WEB,
    source: { configMapRef: { name: 'filters', key: 'mark.ts' } },
    limits: { time: '2s' },
  });
  await withObjects([filter, map(code('one'))], async () => {
    await becomes('filtered', ({ headers }) => headers['x-mark'] === 'one');
    const answer = await ask('/');
    t.equal((JSON.parse(answer.body) as { headers: Record<string, string> }).headers['x-mark'], 'one');
    t.match(await ask('/', { headers: { 'x-who': 'nobody' } }), { status: 403, body: 'client' });
    const held = askTimes('/', { times: 60 });
    await world.lab.apply(map(code('two')));
    await becomes('the new version', ({ headers }) => headers['x-mark'] === 'two');
    t.same(new Set((await held).map(({ status }) => status)), new Set([200]), 'no request failed meanwhile');
    await world.lab.apply(map('export function onRequest( {'));
    await until('the author is told', async () =>
      /False.*line 1/.test(await world.lab.lab('get', 'filters', '-n', 'shop')),
    );
    t.equal((await ask('/')).headers['x-mark'], 'two');
    t.match(
      await world.lab.lab('logs', '-n', 'shop', 'deploy/waypoint'),
      /filter in force[^\n]*ownNetwork=true ownProcesses=true/,
    );
  });
  await becomes('no filter', ({ headers }) => !('x-mark' in headers));
});

test('a rule of a route or its backend names them, and one that is not there is 500 for that rule alone', async (t) => {
  const reference = (kind: string, name: string) => ({
    type: 'ExtensionRef',
    extensionRef: { group: 'nodemesh.io', kind, name },
  });
  const path = (value: string) => [{ path: { type: 'PathPrefix', value } }];
  const backendRef = { name: 'web', port: 80 };
  const backendRefs = [backendRef];
  const route = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { namespace: 'shop', name: 'named' },
    spec: {
      parentRefs: [{ group: '', kind: 'Service', name: 'web', port: 80 }],
      rules: [
        { matches: path('/filtered'), filters: [reference('Filter', 'mark')], backendRefs },
        { matches: path('/limited'), filters: [reference('RateLimit', 'few')], backendRefs },
        { matches: path('/broken'), filters: [reference('FaultInjection', 'broken')], backendRefs },
        { matches: path('/gone'), filters: [reference('Filter', 'gone')], backendRefs },
        {
          matches: path('/backend'),
          backendRefs: [{ ...backendRef, filters: [reference('Filter', 'mark')] }],
        },
        {
          matches: path('/lost'),
          backendRefs: [{ ...backendRef, filters: [reference('RateLimit', 'gone')] }],
        },
        { backendRefs },
      ],
    },
  };
  const source = {
    inline: 'export function onResponse(response) { response.headers.set("x-mark", "rule"); }',
  };
  const objects = [
    route,
    object('Filter', { source, limits: { time: '2s' } }, 'mark'),
    object('RateLimit', { rules: [{ limits: [{ requests: 1, interval: '24h' }] }] }, 'few'),
    object('FaultInjection', { rules: [{ abort: { status: 501 } }] }, 'broken'),
  ];
  await withObjects(objects, async () => {
    await until('the filter of the rule', async () => (await ask('/filtered')).headers['x-mark'] === 'rule');
    await until('the limit of the rule', async () => (await ask('/limited')).status === 429);
    await until('the fault of the rule', async () => (await ask('/broken')).status === 501);
    await until('the rule without its filter', async () => (await ask('/gone')).status === 500);
    t.equal((await ask('/backend')).headers['x-mark'], 'rule', 'a filter of a backend alone');
    t.equal((await ask('/lost')).status, 500);
    const plain = await ask('/');
    t.equal(plain.status, 200);
    t.notOk('x-mark' in plain.headers);
  });
});
