import { test } from 'tap';
import { type Layout, tableOf } from '../../../src/cli/observe/columns.ts';
import { nodemesh } from '../../lab/support/lab-fixture.ts';
import { ANSWERS } from './support/answers.ts';
import { startApiServer } from './support/api-server.ts';

test('stat lists services, the busiest first, over the window that was asked for', async (t) => {
  const api = await startApiServer(t, ANSWERS);
  const { code, stdout, stderr } = await nodemesh(['stat', '--address', api.url, '-w', '5m']);
  t.equal(stderr, '');
  t.equal(code, 0);
  t.equal(
    stdout,
    [
      'NAMESPACE  SERVICE   ENDPOINTS   RPS  CONN/S  SUCCESS    P50  P90     P99  BYTES/S  REFUSED/S  FAILED/S',
      'shop       cart            1/2  12.3       2    99.9%  1.5ms  4ms  12.3ms   16.5KB          0         0',
      'shop       payments        1/2     -       1       0%      -    -       -       0B          1         0',
      'shop       idle            1/2     0       0        -      -    -       -       0B          0         0',
      '',
    ].join('\n'),
  );
  t.same(api.asked, ['/api/v1/services?window=300']);
});

test('stat lists pods by their own name or their workload, and as data what the API said', async (t) => {
  const api = await startApiServer(t, ANSWERS);
  const wide = await nodemesh(['stat', 'workloads', 'cart', '--address', api.url, '-o', 'wide']);
  t.match(wide.stdout, /^NAMESPACE {2}POD .*IDENTITY\nshop {7}cart-1 .* 12m .* node-1 .* shop\/sa\/cart\n$/);
  const { stdout } = await nodemesh(['stat', 'workloads', 'cart-1', '--address', api.url, '-o', 'json']);
  t.match(JSON.parse(stdout), [{ name: 'cart-1', rates: { requests: 12.25 } }]);
  t.equal((await nodemesh(['stat', '-n', 'nowhere', '--address', api.url, '-o', 'yaml'])).stdout, '[]\n');
});

test('what is not there is said apart from the data, and is a mistake where it was asked for by name', async (t) => {
  const api = await startApiServer(t, ANSWERS);
  const missing = await nodemesh(['stat', 'services', 'card', '-n', 'shop', '--address', api.url]);
  t.equal(missing.code, 1);
  t.equal(missing.stdout, '');
  t.match(
    missing.stderr,
    /no service is called card in namespace shop\nhint: .*nodemesh stat services lists/,
  );
  for (const [command, said] of [
    ['stat', 'no service in namespace shpo (namespaces that it knows: shop)\n'],
    ['edges', 'no traffic from or to namespace shpo in the last 60 s (namespaces that it knows: shop)\n'],
  ] as const) {
    const { code, stdout, stderr } = await nodemesh([
      command,
      '-n',
      'shpo',
      '--address',
      api.url,
      '-o',
      'json',
    ]);
    t.same({ code, stdout, stderr }, { code: 0, stdout: '[]\n', stderr: said });
  }
});

test('a table has room in a terminal without what can be spared, and all of it with -o wide', async (t) => {
  const columns = [
    { title: 'NAME', cell: () => 'shop/cart' },
    { title: 'P50', cell: () => '1ms', spare: 2 },
    { title: 'NODE', cell: () => 'node-1', spare: 1 },
    { title: 'ID', cell: () => 'x', wide: true },
  ] as const;
  const lines = (layout: Layout) => tableOf(columns, [0], layout).split('\n', 1)[0];
  t.equal(lines({ wide: false, width: undefined }), 'NAME       P50  NODE');
  t.equal(lines({ wide: false, width: 22 }), 'NAME       P50  NODE');
  t.equal(lines({ wide: false, width: 21 }), 'NAME       NODE');
  t.equal(lines({ wide: false, width: 4 }), 'NAME');
  t.equal(lines({ wide: true, width: 4 }), 'NAME       P50  NODE    ID');
});

test('edges tell who talks to whom as which identity, and what is in plaintext', async (t) => {
  const api = await startApiServer(t, ANSWERS);
  const { stdout } = await nodemesh(['edges', '--address', api.url]);
  t.match(stdout, /^SOURCE +DESTINATION +MTLS +CLIENT IDENTITY +SERVER IDENTITY +PROTOCOL +RPS/);
  t.match(stdout, /shop\/frontend +service shop\/cart +yes +shop\/sa\/frontend +shop\/sa\/cart +http +12.3/);
  t.match(stdout, /192\.0\.2\.7 +service shop\/payments +no +- +- +tcp +- /);
  t.notMatch(stdout, /\nservice shop\/cart/);
  const all = await nodemesh(['edges', '--all', '--address', api.url, '-o', 'json']);
  t.match(
    (JSON.parse(all.stdout) as readonly { readonly source: string }[]).map(({ source }) => source),
    ['service shop/cart', 'shop/frontend', '192.0.2.7'],
  );
});

test('top ranks what is busy by what it was told, once where nobody watches', async (t) => {
  const api = await startApiServer(t, ANSWERS);
  const { stdout, code } = await nodemesh(['top', '--address', api.url, '--sort', 'refused', '--limit', '1']);
  t.equal(code, 0);
  t.match(stdout, /^WORKLOAD .*\nshop\/cart-1 /);
  t.match(stdout, /\nEDGE .*\n192\.0\.2\.7 → service shop\/payments \(plaintext\) /);
  t.match(stdout, /\nROUTE +WAYPOINT .*\nHTTPRoute shop\/canary 1 \(shop\/cart\) +shop\/waypoint +12.3/);
  const routes = await nodemesh(['top', 'routes', '-n', 'nowhere', '--address', api.url]);
  t.equal(routes.stdout, 'ROUTE\n(nothing within the window)\n');
});

test('proxies says who is behind and why, and exits with 1 then', async (t) => {
  const api = await startApiServer(t, ANSWERS);
  const { code, stdout } = await nodemesh(['proxies', '--address', api.url]);
  t.equal(code, 1);
  t.match(stdout, /ztunnel\/node-1 +node-1 +0\.1\.0 +current +1\/1 +3ms +40ms /);
  t.match(stdout, /ztunnel\/node-2 .* rejecting +0\/1 .* policy shop\/p: expected an action\n/);
  const wide = await nodemesh(['proxies', '--address', api.url, '-o', 'wide']);
  t.match(wide.stdout, /ztunnel\/node-2 +istio\.workload\.Address +v2 +v1 .* v2\n/);
  const [current] = ANSWERS['/api/v1/proxies']?.proxies ?? [];
  const fine = await startApiServer(t, {
    '/api/v1/proxies': { proxies: current === undefined ? [] : [current] },
  });
  t.equal((await nodemesh(['proxies', '--address', fine.url])).code, 0);
});

test('dashboard says where it is once it answers, and as data without opening anything', async (t) => {
  const api = await startApiServer(t, ANSWERS);
  t.equal((await nodemesh(['dashboard', '--no-open', '--address', api.url])).stdout, `${api.url}/\n`);
  const { stdout } = await nodemesh(['dashboard', '-o', 'json', '--address', api.url]);
  t.same(JSON.parse(stdout), { url: `${api.url}/`, scope: 'mesh', node: '' });
});

test("what an API refuses is told with the API's own hint, and without a mesh how to start one", async (t) => {
  const api = await startApiServer(t, {});
  const refused = await nodemesh(['stat', '--address', api.url]);
  t.equal(refused.code, 1);
  t.match(refused.stderr, /no \/api\/v1\/services\nhint: {2}look elsewhere/);
  for (const command of ['stat', 'edges', 'top', 'topology', 'tap', 'logs', 'proxies', 'dashboard']) {
    const { code, stdout, stderr } = await nodemesh([command, '--lab', 'nowhere']);
    t.equal(code, 1, command);
    t.equal(stdout, '', command);
    t.match(stderr, /no lab called nowhere is running\nhint: /, command);
  }
});

test('a window that the mesh does not remember is refused', async (t) => {
  for (const window of ['1h', '4s', 'long']) {
    const { code, stderr } = await nodemesh(['stat', '-w', window]);
    t.equal(code, 1);
    t.match(stderr, /expected a\s+duration from\s+5s\s+to\s+15m/i, window);
  }
});
