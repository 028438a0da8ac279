import { test } from 'tap';
import { type Backend, routeKey, type StreamRoute } from '../../../src/model/index.ts';
import {
  createStreamRouteTable,
  type StreamFacts,
} from '../../../src/waypoint/routing/stream-route-table.ts';
import { streamTarget } from '../../../src/waypoint/routing/stream-target.ts';
import { keyOf } from '../../model/mesh-fixtures.ts';
import { echo, shopService } from './route-fixtures.ts';

const backend = (name: string, weight = 1): Backend => ({
  weight,
  target: { kind: 'service', service: shopService(name), port: 9000 },
});

/** A producer route of `echo` that sends everything to the service of its own name. */
function makeRoute(over: Partial<StreamRoute> & { name: string }): StreamRoute {
  const [kind, namespace] = [over.kind ?? 'TCPRoute', over.namespace ?? 'shop'];
  return {
    key: routeKey(kind, namespace, over.name),
    createdMs: 0,
    parents: [{ service: keyOf(echo), port: undefined }],
    hostnames: [],
    rules: [{ name: '', backends: [backend(over.name)] }],
    ...over,
    kind,
    namespace,
  };
}

function select(routes: readonly StreamRoute[], facts: Partial<StreamFacts> = {}, port = 80): string {
  const selection = createStreamRouteTable(routes, echo, port).select({
    clientNamespace: 'shop',
    isTls: false,
    serverName: undefined,
    ...facts,
  });
  if (selection.kind !== 'backend') return selection.kind;
  return selection.target.kind === 'service' ? selection.route.name : 'invalid';
}

const tls = (serverName?: string): Partial<StreamFacts> => ({ isTls: true, serverName });

test('without routes a connection goes where it was dialled', async (t) => {
  t.equal(select([]), 'default');
  const [parent] = makeRoute({ name: 'a' }).parents;
  t.ok(parent);
  const narrowed = makeRoute({ name: 'a', parents: [{ service: keyOf(echo), port: 81 }] });
  t.equal(select([narrowed], {}, 80), 'default');
  t.equal(select([narrowed], {}, 81), 'a');
});

test('of several TCPRoutes the oldest takes everything', async (t) => {
  const routes = [
    makeRoute({ name: 'b', createdMs: 2 }),
    makeRoute({ name: 'c', createdMs: 1 }),
    makeRoute({ name: 'a', createdMs: 2 }),
  ];
  t.equal(select(routes), 'c');
  t.equal(select(routes.filter(({ name }) => name !== 'c')), 'a');
});

test('TLSRoutes take TLS by the name that it asks for, the longest first', async (t) => {
  const route = (name: string, ...hostnames: string[]) => makeRoute({ name, kind: 'TLSRoute', hostnames });
  const routes = [
    route('wild', '*.example.com'),
    route('one', 'a.example.com', 'b.example.com'),
    route('wilder', '*.x.example.com'),
  ];
  const rows: [string | undefined, string][] = [
    ['a.example.com', 'one'],
    ['A.Example.Com', 'one'],
    ['c.example.com', 'wild'],
    ['c.x.example.com', 'wilder'],
    ['example.com', 'unmatched'],
    ['other.org', 'unmatched'],
    // Whoever asks for the service itself, or for nothing, gets the first route.
    ['echo.shop.svc.cluster.local', 'one'],
    [undefined, 'one'],
  ];
  for (const [name, expected] of rows) t.equal(select(routes, tls(name)), expected, name ?? 'no name');
});

test('TLSRoutes and TCPRoutes are not mixed', async (t) => {
  const forTls = makeRoute({ name: 'tls', kind: 'TLSRoute', hostnames: ['a.example.com'] });
  const forTcp = makeRoute({ name: 'tcp' });
  t.equal(select([forTls, forTcp], tls('a.example.com')), 'tls');
  t.equal(select([forTls, forTcp], tls('b.example.com')), 'unmatched');
  t.equal(select([forTls, forTcp]), 'tcp');
  t.equal(select([forTcp], tls('a.example.com')), 'tcp');
  t.equal(select([forTls]), 'unmatched');
});

test('connections are only looked into where there are TLSRoutes', async (t) => {
  const looks = (routes: readonly StreamRoute[]) => createStreamRouteTable(routes, echo, 80).looksAtTls;
  const tlsRoute = makeRoute({ name: 'tls', kind: 'TLSRoute', hostnames: ['a.example'] });
  t.notOk(looks([]));
  t.notOk(looks([makeRoute({ name: 'tcp' })]));
  t.notOk(looks([{ ...tlsRoute, parents: [] }]));
  t.ok(looks([tlsRoute]));
  t.ok(looks([{ ...tlsRoute, namespace: 'bank' }]));
});

test('consumer routes are for clients of their namespace', async (t) => {
  const routes = [makeRoute({ name: 'producer' }), makeRoute({ name: 'consumer', namespace: 'bank' })];
  t.equal(select(routes), 'producer');
  t.equal(select(routes, { clientNamespace: 'bank' }), 'consumer');
  t.equal(select(routes.slice(1)), 'default');
});

test('connections are shared out by weight', async (t) => {
  const rules = [{ name: '', backends: [backend('v1', 7), backend('v2', 3), backend('v3', 0)] }];
  const table = createStreamRouteTable([makeRoute({ name: 'r', rules })], echo, 80);
  const seen = new Map<string, number>();
  for (let count = 0; count < 100; count++) {
    const selection = table.select({ clientNamespace: 'shop', isTls: false, serverName: undefined });
    if (selection.kind !== 'backend' || selection.target.kind !== 'service') continue;
    const { service } = selection.target;
    seen.set(service, (seen.get(service) ?? 0) + 1);
  }
  t.ok(Math.abs((seen.get(shopService('v1')) ?? 0) - 70) <= 3);
  t.ok(Math.abs((seen.get(shopService('v2')) ?? 0) - 30) <= 3);
  t.notOk(seen.has(shopService('v3')));
});

test('a route without a backend refuses, and so does an invalid one', async (t) => {
  t.equal(select([makeRoute({ name: 'none', rules: [] })]), 'unmatched');
  t.equal(select([makeRoute({ name: 'none', rules: [{ name: '', backends: [] }] })]), 'unmatched');
  const invalid: Backend = {
    weight: 1,
    target: { kind: 'invalid', reason: 'BackendNotFound', message: 'no service' },
  };
  const bad = makeRoute({ name: 'bad', rules: [{ name: '', backends: [invalid] }] });
  t.equal(select([bad]), 'invalid');
  const targetOf = (routes: readonly StreamRoute[]) =>
    streamTarget(
      createStreamRouteTable(routes, echo, 80).select({
        clientNamespace: 'shop',
        isTls: false,
        serverName: undefined,
      }),
      echo,
    );
  t.throws(() => targetOf([bad]), { code: 'ERR_WAYPOINT_INVALID_BACKEND', reason: 'BackendNotFound' });
  t.throws(() => targetOf([makeRoute({ name: 'none', rules: [] })]), { code: 'ERR_WAYPOINT_NO_ROUTE' });
  t.same(targetOf([makeRoute({ name: 'a' })]), backend('a').target);
  t.equal(targetOf([]), undefined);
});
