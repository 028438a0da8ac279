import { after, before, test } from 'tap';
import { LOAD_SECONDS } from '../../mesh/support/world.ts';
import { bytesOf, HARMLESS, REFUSED, REFUSED_BODIES } from '../corpus/ambiguous-requests.ts';
import { deployment, service } from '../support/objects.ts';
import { fieldOf, getTarget, sendRaw, witnessed } from '../support/raw-requests.ts';
import { startSteadyLoad } from '../support/steady-load.ts';
import { waypointMemory } from '../support/waypoint-pods.ts';
import { CLIENTS, SHOP, startWaypointWorld, type WaypointWorld } from '../support/waypoint-world.ts';

const PORT = { name: 'http', port: 80, targetPort: 8080, appProtocol: 'http' };
const FLOOD_SECONDS = LOAD_SECONDS >= 60 ? 10 : 2;
const WELL_BEHAVED_PER_SECOND = 50;
/** More than all floods together may add: what --max-buffered-bytes lets it take (256 MiB), and half of that for all else. */
const GAIN_MEBIBYTES = 384;

let world: WaypointWorld;
before(async () => {
  world = await startWaypointWorld({
    name: 'harness-attack-http',
    server: [
      deployment({ namespace: SHOP, name: 'server', replicas: 1, program: 'witness-server.ts' }),
      service(SHOP, 'server', { app: 'server' }, [PORT]),
    ],
  });
});
after(() => world.lab.down());

test('a request that can be read in two ways is refused, and nothing of it forwarded', {
  timeout: 300_000,
}, async (t) => {
  const requests = REFUSED.map((one, index) => ({ id: `r${index}`, parts: [bytesOf(one, `r${index}`)] }));
  const results = await sendRaw(world.lab, world.host, requests);
  const seen = (await witnessed(world.lab)).map(({ url }) => url);
  for (const [index, { name }] of REFUSED.entries()) {
    const result = results.get(`r${index}`);
    t.same(
      result?.statuses,
      [400],
      `${name}: ${result?.ending} ${JSON.stringify(result?.text.slice(0, 80))}`,
    );
    t.equal(result?.ending, 'end', `${name}: the connection is over`);
    t.same(
      seen.filter((url) => url.endsWith(`/r${index}`)),
      [],
      `${name}: the backend saw nothing`,
    );
  }
});

test('a body that can be read in two ways is refused, and what was forwarded of it never ends', {
  timeout: 300_000,
}, async (t) => {
  const requests = REFUSED_BODIES.map((one, index) => ({
    id: `b${index}`,
    parts: [bytesOf(one, `b${index}`)],
  }));
  const results = await sendRaw(world.lab, world.host, requests);
  const seen = await witnessed(world.lab);
  for (const [index, { name }] of REFUSED_BODIES.entries()) {
    const result = results.get(`b${index}`);
    t.same(
      result?.statuses,
      [400],
      `${name}: ${result?.ending} ${JSON.stringify(result?.text.slice(0, 80))}`,
    );
    t.equal(result?.ending, 'end', `${name}: the connection is over`);
    const whole = seen.filter(({ url, complete }) => complete && url.endsWith(`/b${index}`));
    t.same(whole, [], `${name}: the backend saw no whole request`);
  }
});

test('what is hidden in a body stays a body', { timeout: 300_000 }, async (t) => {
  const requests = HARMLESS.map((one, index) => ({ id: `h${index}`, parts: [bytesOf(one, `h${index}`)] }));
  const results = await sendRaw(world.lab, world.host, requests);
  const seen = (await witnessed(world.lab)).map(({ url }) => url);
  for (const [index, { name }] of HARMLESS.entries()) {
    const result = results.get(`h${index}`);
    t.ok(seen.filter((url) => url === `/open/h${index}`).length <= 1, `${name}: ${result?.statuses}`);
    t.notOk(seen.includes(`/hidden/h${index}`), `${name}: the backend saw no second request`);
  }
});

test('requests cut in every place are read as one', { timeout: 300_000 }, async (t) => {
  const [{ parts: [whole = ''] = [] }] = [getTarget('cut', '/open/cut', ['X-A: b'])];
  const requests = Array.from({ length: whole.length - 1 }, (_, index) => ({
    id: `c${index}`,
    parts: [whole.slice(0, index + 1), whole.slice(index + 1)],
  }));
  const results = await sendRaw(world.lab, world.host, requests);
  t.ok(requests.every(({ id }) => results.get(id)?.statuses.join() === '200'));
});

test('HTTP/2 that is malformed reaches no backend', { timeout: 300_000 }, async (t) => {
  await world.check(t, 'attack/malformed-http2.ts', world.host, '80');
  const seen = (await witnessed(world.lab)).map(({ url }) => url);
  t.same(
    seen.filter((url) => url.includes('http2')),
    [],
  );
});

test("fields of one hop and of the mesh itself are not the client's to set", async (t) => {
  const fields = [
    'Connection: X-Hop, close',
    'X-Hop: 1',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'X-Envoy-Original-Path: /admin',
    'X-Forwarded-For: 192.0.2.7',
    'X-Forwarded-Client-Cert: By=spiffe://cluster.local/ns/kube-system/sa/admin',
  ];
  await sendRaw(world.lab, world.host, [
    { id: 'hop', parts: [`GET /hop HTTP/1.1\r\nHost: shop\r\n${fields.join('\r\n')}\r\n\r\n`] },
  ]);
  const request = (await witnessed(world.lab)).find(({ url }) => url === '/hop');
  if (request === undefined) throw new Error('the backend saw no request');
  for (const name of ['x-hop', 'keep-alive', 'proxy-connection'])
    t.equal(fieldOf(request, name), undefined, name);
  t.notMatch(fieldOf(request, 'x-forwarded-for') ?? '', /192\.0\.2\.7/);
  t.notMatch(fieldOf(request, 'x-forwarded-client-cert') ?? '', /admin/);
});

test('a connection that has carried much carries the next request too, once others have filled its session', {
  timeout: 300_000,
}, async (t) => {
  // One after the other, so that one connection to the server carries them all: some 800 KB in a window of 4 MiB, which is
  // 128 KiB when a hundred tunnels share it.
  const url = `http://${world.host}/carried`;
  const load = ['h2load', '--h1', '-n', '2000', '-c', '1', url];
  const printed = await world.lab.lab('exec', '-n', CLIENTS, 'client-1', '--', ...load);
  t.match(printed, /2000 succeeded, 0 failed/);
  await world.run('attack/flood.ts', { node: 2 }, 'closed-windows', world.host, '80', '1', '6');
  const curl = ['curl', '-sS', '--max-time', '15', url];
  t.equal(await world.lab.lab('exec', '-n', CLIENTS, 'client-1', '--', ...curl), 'seen');
});

/** What a flood must come to, beside harming nobody. */
const FLOODS: Readonly<Record<string, RegExp | undefined>> = {
  'rapid-reset': /"ended":[1-9]/,
  'made-you-reset': /"ended":[1-9]/,
  pings: /"ended":[1-9]/,
  settings: /"ended":[1-9]/,
  'empty-data': /"ended":[1-9]/,
  continuation: /"ended":[1-9]/,
  'hpack-bomb': undefined,
  'closed-windows': undefined,
  'slow-loris': undefined,
  'slow-body': undefined,
  'many-headers': /"431":[1-9]/,
  'large-header': /"431":[1-9]/,
  'large-target': /"41[34]":[1-9]/,
  pipeline: undefined,
};

test('floods harm nobody else, and memory stays bounded', { timeout: 300_000 }, async (t) => {
  const before = (await waypointMemory(world.lab, SHOP))[0]?.resident ?? 0;
  const load = await startSteadyLoad(world.lab, world.host, WELL_BEHAVED_PER_SECOND);
  for (const [kind, expected] of Object.entries(FLOODS)) {
    load.during(kind);
    const args = [kind, world.host, '80', String(FLOOD_SECONDS)];
    const printed = (await world.run('attack/flood.ts', { node: 2 }, ...args)).trim();
    const [memory] = await waypointMemory(world.lab, SHOP);
    t.comment(`${kind}: ${printed}; ${memory?.resident} MiB, at most ${memory?.peak} MiB`);
    if (expected !== undefined) t.match(printed, expected, kind);
  }
  load.during('h2load');
  for (const protocol of [[], ['--h1']]) {
    const printed = await h2load(...protocol);
    t.match(printed, /20000 succeeded, 0 failed, 0 errored, 0 timeout/, `h2load ${protocol}`);
    t.match(printed, /status codes: 20000 2xx/);
  }
  const report = await load.stop();
  t.same(report.failures, {});
  t.comment(`${report.sent} requests of a client that behaves, the slowest ${report.slowestMs} ms`);
  const peak = Math.max(...(await waypointMemory(world.lab, SHOP)).map((memory) => memory.peak));
  t.ok(peak - before < GAIN_MEBIBYTES, `the waypoint gained ${peak - before} MiB at its fullest`);
});

/** Debian's, from nghttp2-client, in the attackers' pod. */
function h2load(...protocol: readonly string[]): Promise<string> {
  const load = ['h2load', '-n', '20000', '-c', '50', '-m', '20', ...protocol, `http://${world.host}/load`];
  return world.lab.lab('exec', '-n', CLIENTS, 'client-2', '--', ...load);
}
