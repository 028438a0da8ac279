import { after, before, test } from 'tap';
import { type LabUnderTest, startLab } from './support/lab-under-test.ts';
import { ENROLLED, namespace, pod } from './support/objects.ts';
import { until } from './support/world.ts';

// What the command line shows of a waypoint that runs.
let lab: LabUnderTest;
let applied: string;
before(async () => {
  lab = await startLab('cli-waypoint', [
    namespace('shop', ENROLLED),
    pod({ namespace: 'shop', name: 'client', node: 'node-1' }),
    echoPod('cart'),
    echoPod('cart-v2'),
    echoService('cart'),
    echoService('cart-v2'),
  ]);
  applied = await lab.nodemesh('waypoint', 'apply', '-n', 'shop', '--enroll-namespace', '--wait');
});
after(() => lab.down());

test('with --wait nothing is sent to a waypoint before it is ready', async (t) => {
  t.match(
    applied,
    /^waypoint shop\/waypoint applied\nwaypoint shop\/waypoint is ready\nnamespace shop labeled with /,
  );
});

function echoPod(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name, labels: { app: name } },
    spec: {
      nodeName: 'node-2',
      containers: [
        {
          name: 'echo',
          image: 'echo-basic',
          readinessProbe: { tcpSocket: { port: 3000 }, periodSeconds: 1 },
        },
      ],
    },
  };
}

function echoService(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'shop', name },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 3000 }] },
  };
}

const backendRef = (name: string): object => ({ name, port: 80 });
const ROUTE = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { namespace: 'shop', name: 'cart' },
  spec: {
    parentRefs: [{ group: '', kind: 'Service', name: 'cart', port: 80 }],
    rules: [
      {
        name: 'second',
        matches: [
          { path: { type: 'PathPrefix', value: '/status' } },
          { headers: [{ name: 'x-version', value: '2' }] },
        ],
        filters: [
          {
            type: 'RequestHeaderModifier',
            requestHeaderModifier: { set: [{ name: 'x-by', value: 'route' }] },
          },
        ],
        backendRefs: [backendRef('cart-v2')],
        timeouts: { request: '10s' },
        retry: { attempts: 1, codes: [500] },
      },
      { matches: [{ path: { value: '/gone' } }], backendRefs: [backendRef('gone')] },
      { backendRefs: [backendRef('cart')] },
    ],
  },
};

/** The status of an answer. */
async function get(path: string): Promise<number> {
  const script = `fetch('http://cart.shop.svc.cluster.local${path}').then((r) => console.log(r.status))`;
  return Number(await lab.lab('exec', '-n', 'shop', 'client', '--', 'node', '-e', script));
}

interface ShownBackend {
  readonly replica: string;
  readonly backend: string;
  readonly inUse: boolean;
  readonly endpoints: readonly {
    readonly name: string;
    readonly health: string;
    readonly requests: number;
  }[];
}

async function endpoints(...args: readonly string[]): Promise<readonly ShownBackend[]> {
  return JSON.parse(await lab.nodemesh('endpoints', '-o', 'json', ...args)) as readonly ShownBackend[];
}

test('routes shows what a waypoint was told, and what is wrong with it', async (t) => {
  t.equal(await lab.nodemesh('routes'), 'No routes found.\n');
  await lab.apply(ROUTE);
  await until('the route is told', async () => /HTTPRoute/.test(await lab.nodemesh('routes', '-n', 'shop')));
  const table = await lab.nodemesh('routes', '--waypoint', 'shop/waypoint');
  t.match(
    table,
    /^shop\/waypoint +HTTPRoute shop\/cart +shop\/cart:80 +\* +second +\/status\* +request headers x-by=route +shop\/cart-v2:80 +10s +1 on 500$/m,
  );
  t.match(table, /^ +\/\* x-version=2$/m);
  t.match(table, /^shop\/waypoint .* 2 +\/gone\* +nowhere$/m);
  t.match(table, /^shop\/waypoint .* 3 +\/\* +shop\/cart:80$/m);
  const [route] = JSON.parse(await lab.nodemesh('routes', '-o', 'json')) as readonly {
    readonly rules: readonly { readonly problems: readonly string[] }[];
  }[];
  t.match(
    route?.rules.map(({ problems }) => problems),
    [[], [/^backend 1: BackendNotFound: .*gone.*; requests get a 500, gRPC calls UNAVAILABLE$/], []],
  );
  t.equal(await lab.nodemesh('routes', '-n', 'nowhere'), 'No routes found.\n');
});

test('endpoints shows those of bound services unused, then how they do, then why one is left out', async (t) => {
  t.match(await endpoints(), [
    { backend: 'shop/cart-v2:80', inUse: false, endpoints: [{ name: 'cart-v2', requests: 0 }] },
    { backend: 'shop/cart:80', inUse: false, endpoints: [{ name: 'cart', requests: 0 }] },
  ]);
  t.match(
    await lab.nodemesh('endpoints'),
    /^waypoint-\S+\.shop +shop\/cart:80 +cart +\S+:3000 +node-2 +HBONE +unused$/m,
  );
  t.equal(await get('/status/200'), 200);
  t.equal(await get('/gone'), 500);
  t.match(await endpoints(), [
    { backend: 'shop/cart-v2:80', inUse: true, endpoints: [{ health: 'healthy', requests: 1 }] },
    { backend: 'shop/cart:80', inUse: false },
  ]);
  await until('left out', async () => {
    await get('/status/503');
    return (await endpoints())[0]?.endpoints[0]?.health === 'consecutive-gateway-errors';
  });
  t.match(
    await lab.nodemesh('endpoints', '-n', 'shop'),
    /^waypoint-\S+\.shop +shop\/cart-v2:80 +cart-v2 .* HBONE +ejected \d+s: consecutive-gateway-errors +0 +[\d.]+ms +\d+ +[1-9]\d*$/m,
  );
});

test('the admin, metrics and readiness ports of a replica are reached, and of which one if so wished', async (t) => {
  const admin = (...args: readonly string[]): Promise<string> =>
    lab.nodemesh('admin', 'waypoint/shop/waypoint', ...args);
  t.match(await admin(), /^GET {2}\/endpoints /m);
  t.match(await admin('/metrics'), /^istio_requests_total\{.*destination_service_name="cart/m);
  t.equal(await admin('/healthz/ready'), 'ready\n');
  t.match(await admin('/logging?level=debug', '--post'), /debug/);
  t.match(JSON.parse(await admin('config_dump')), {
    gateway: 'shop/waypoint',
    routes: [{ name: 'cart' }],
    config: { http: { bodyIdleTimeoutMs: 3_600_000 } },
  });
  await t.rejects(admin('/nothing'), {
    message: /waypoint\/shop\/waypoint answered GET \/nothing with status 404/,
  });

  await lab.lab('scale', 'deploy/waypoint', '-n', 'shop', '--replicas', '2');
  const replicas = async (): Promise<readonly string[]> => [
    ...new Set((await endpoints()).map(({ replica }) => replica)),
  ];
  await until('both replicas are ready', async () => (await replicas()).length === 2);
  const [, second = ''] = await replicas();
  t.match(await endpoints('--pod', second), [{ replica: second }, { replica: second }]);
  t.match(await admin('/logging', '--pod', second), /\w/);
  await t.rejects(admin('--pod', 'client'), {
    message: /expected a pod of waypoint shop\/waypoint, got client\nhint: .*its pods: waypoint-/,
  });
  await t.rejects(endpoints('--pod', 'client'), {
    message: /expected a pod of a waypoint that is ready, got client\nhint: .*there are: waypoint-/,
  });
});

test('limits that its Gateway sets hold in a waypoint', async (t) => {
  const flags = 'gateway.nodemesh.io/waypoint-flags';
  await lab.lab('annotate', 'gateway', 'waypoint', '-n', 'shop', `${flags}=--max-header-count=33`);
  await until('new pods have the limit', async () => {
    const [pod] = await endpoints();
    const dump = await lab.nodemesh(
      'admin',
      'waypoint/shop/waypoint',
      '/config_dump',
      '--pod',
      pod?.replica ?? '',
    );
    return (
      (JSON.parse(dump) as { config: { http: { maxHeaderCount: number } } }).config.http.maxHeaderCount === 33
    );
  });
  await lab.lab('annotate', 'gateway', 'waypoint', '-n', 'shop', `${flags}=--controller=elsewhere:1`);
  await until('the Gateway says that this is no limit', async () =>
    /expected flags as --max-header-bytes=128KiB/.test(
      await lab.lab('get', 'gateway', 'waypoint', '-n', 'shop', '-o', 'json'),
    ),
  );
  t.equal(await get('/'), 200, 'what runs goes on');
});

test('a waypoint that is not there, or has no pod, is said with what to do', async (t) => {
  for (const command of ['routes', 'endpoints']) {
    await t.rejects(lab.nodemesh(command, '--waypoint', 'shop/other'), {
      message: /no waypoint other in namespace shop\nhint: .*there are: waypoint/,
    });
    await t.rejects(lab.nodemesh(command, '--waypoint', 'other'), {
      message: /--waypoint: expected NAMESPACE\/NAME, got "other"/,
    });
  }
  await lab.lab('scale', 'deploy/waypoint', '-n', 'shop', '--replicas', '0');
  const said =
    /expected a pod of waypoint shop\/waypoint( that is ready)?, got none.*\nhint: .*nodemesh waypoint status waypoint -n shop/;
  for (const command of ['routes', 'endpoints'])
    await t.rejects(lab.nodemesh(command), { message: said }, command);
  await t.rejects(lab.nodemesh('admin', 'waypoint/shop/waypoint'), { message: said });
});
