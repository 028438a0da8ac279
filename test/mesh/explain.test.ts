import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'tap';
import { stringify } from 'yaml';
import { runCommand } from './support/lab-under-test.ts';
import { peerAuthentication, serviceOf, webServer } from './support/objects.ts';
import { startWorld, until, untilEnrolled, type World } from './support/world.ts';

// What explain says of a mesh that runs, and what that mesh does.
const CLI = resolve('bin/nodemesh.js');
let world: World;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nodemesh-explain-'));
  world = await startWorld({
    name: 'why',
    namespaces: { shop: true, edge: false },
    more: [
      webServer(),
      serviceOf('shop', 'web', [{ name: 'http', port: 80, targetPort: 8080 }], {
        labels: { 'istio.io/use-waypoint': 'waypoint' },
      }),
    ],
  });
  await world.lab.nodemesh('waypoint', 'apply', '-n', 'shop', '--wait');
  await untilEnrolled(world, 'shop', 3);
  await until('the web server answers', async () => (await fetchStatus('GET', '/open')) === 200);
  await world.lab.apply(
    peerAuthentication('shop', 'STRICT'),
    policy('server', {
      selector: { matchLabels: { app: 'server' } },
      rules: [{ from: [CLIENT], to: [{ operation: { ports: ['7000'] } }] }],
    }),
    policy('web', {
      targetRefs: [{ group: '', kind: 'Service', name: 'web' }],
      rules: [{ from: [CLIENT], to: [{ operation: { methods: ['GET'], paths: ['/open*'] } }] }],
    }),
  );
  await until('the policies are in force', async () => (await fetchStatus('GET', '/closed')) === 403);
  await until('so are those of pods', async () => !(await connects('shop', 'client', 'server.shop', 7001)));
});
after(async () => {
  await world.lab.down();
  await rm(folder, { recursive: true, force: true });
});

const CLIENT = { source: { principals: ['cluster.local/ns/shop/sa/client'] } };

function policy(name: string, spec: object): object {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { namespace: 'shop', name },
    spec,
  };
}

async function connects(namespace: string, name: string, host: string, port: number): Promise<boolean> {
  const target = { host: `${host}.svc.cluster.local`, port };
  return (await world.lab.client({ namespace, name }, 'echo', target)).outcome === 'ok';
}

async function fetchStatus(method: string, path: string): Promise<number> {
  const script = `const a = await fetch('http://web.shop.svc.cluster.local${path}', { method: '${method}' }).catch(() => ({ status: 0 })); console.log(a.status);`;
  const printed = await world.lab.lab(
    'exec',
    '-n',
    'shop',
    'client',
    '--',
    'node',
    '--input-type=module',
    '-e',
    script,
  );
  return Number(printed.trim().split('\n').at(-1));
}

async function run(...args: readonly string[]): Promise<{ readonly code: number; readonly answer: Answer }> {
  const { code, stdout, stderr } = await runCommand(process.execPath, [
    CLI,
    ...args,
    '--lab',
    'why',
    '-o',
    'json',
  ]);
  if (stdout === '') throw new Error(`nodemesh ${args.join(' ')}: ${stderr}`);
  return { code, answer: JSON.parse(stdout) as Answer };
}

interface Answer {
  readonly verdict: string;
  readonly because: string;
  readonly fix: string;
  readonly lastRefusal?: { readonly message: string; readonly policy: string; readonly now: string };
  readonly refused: readonly {
    readonly policy: string;
    readonly request: string;
    readonly because: string;
  }[];
}

const CONNECTIONS: readonly (readonly [namespace: string, name: string, host: string, port: number])[] = [
  ['shop', 'client', 'server.shop', 7000],
  ['shop', 'client', 'server.shop', 7001],
  ['shop', 'client', 'server.edge', 7000],
  ['shop', 'server', 'server.shop', 7000],
  ['edge', 'client', 'server.shop', 7000],
  ['edge', 'client', 'server.edge', 7000],
];

test('of every connection explain says what the mesh does', async (t) => {
  for (const [namespace, name, host, port] of CONNECTIONS) {
    const about = `${namespace}/${name} to ${host}:${port}`;
    const isLetThrough = await connects(namespace, name, host, port);
    const { code, answer } = await run('explain', `${namespace}/${name}`, `${host}:${port}`);
    t.equal(answer.verdict, isLetThrough ? 'allowed' : 'refused', `${about}: ${answer.because}`);
    t.equal(code, isLetThrough ? 0 : 1, about);
  }
});

test('of every request explain says what the waypoint answers', async (t) => {
  for (const [method, path] of [
    ['GET', '/open'],
    ['GET', '/closed'],
    ['POST', '/open'],
    ['GET', '/open/../closed'],
  ] as const) {
    const status = await fetchStatus(method, path);
    const { answer } = await run(
      'explain',
      'shop/client',
      'web',
      '--method',
      method,
      '--path',
      new URL(path, 'http://web').pathname,
    );
    t.equal(
      answer.verdict,
      status === 403 ? 'refused' : 'allowed',
      `${method} ${path} was ${status}: ${answer.because}`,
    );
  }
});

test('the last refusal between the two is told, with what would let it through now', async (t) => {
  await fetchStatus('GET', '/closed');
  await until(
    'the refusal is known',
    async () =>
      (await run('explain', 'shop/client', 'web', '--path', '/closed')).answer.lastRefusal !== undefined,
  );
  const { answer } = await run('explain', 'shop/client', 'web', '--path', '/open');
  t.equal(answer.verdict, 'allowed');
  t.match(answer.lastRefusal?.message, /none allowed: shop\/web/);
  t.match(answer.lastRefusal?.now, /add "\/closed" to paths/);
});

test('a proposed policy is tried on what has just happened, and nothing is applied', async (t) => {
  const file = join(folder, 'proposed.yaml');
  const proposed = policy('nobody', {
    targetRefs: [{ group: '', kind: 'Service', name: 'web' }],
    action: 'DENY',
    rules: [{ to: [{ operation: { paths: ['/open*'] } }] }],
  });
  await writeFile(file, stringify(proposed));
  t.equal(await fetchStatus('GET', '/open'), 200);
  const refused = async () => (await run('policy', 'try', '-f', file)).answer.refused;
  await until('the requests are known', async () => (await refused()).length > 0);
  t.match(await refused(), [
    { policy: 'shop/nobody', request: /^GET \/open/, because: /explicitly denied by shop\/nobody/ },
  ]);
  t.equal((await run('policy', 'try', '-f', file)).code, 1);
  t.equal(await fetchStatus('GET', '/open'), 200);
});

test('a backend that is dead and a waypoint that is missing are named', async (t) => {
  await world.lab.lab('delete', 'pod', 'web', '-n', 'shop');
  await until(
    'the pod is gone',
    async () => (await run('explain', 'shop/client', 'web', '--path', '/open')).answer.verdict === 'refused',
  );
  t.match(
    (await run('explain', 'shop/client', 'web', '--path', '/open')).answer.because,
    /service shop\/web has no endpoint/,
  );
  await world.lab.lab('delete', 'gateway', 'waypoint', '-n', 'shop');
  await until('the waypoint is gone', async () =>
    /does not exist/.test((await run('explain', 'shop/client', 'web')).answer.because),
  );
  t.match((await run('explain', 'shop/client', 'web')).answer.fix, /nodemesh waypoint apply/);
});
