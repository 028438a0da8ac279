import { test } from 'tap';
import type { HttpMatch, HttpRoute } from '../../../src/model/index.ts';
import { createRouteTable } from '../../../src/waypoint/routing/route-table.ts';
import { makeService } from '../../model/mesh-fixtures.ts';
import { type Fields, makeRequest } from '../request-fixtures.ts';
import { echo, exact, grpc, makeMatch, makeRoute, makeRule, prefix, regex, value } from './route-fixtures.ts';

interface Ask {
  readonly target?: string;
  readonly authority?: string;
  readonly method?: string;
  readonly headers?: Fields;
}

/** The name of the rule that takes a request, or what else is said to it. */
function select(routes: readonly HttpRoute[], ask: Ask = {}, clientNamespace = 'shop', port = 80): string {
  const selection = createRouteTable(routes, echo, port).select(makeRequest(ask), clientNamespace);
  return selection.kind === 'rule' ? selection.rule.name : selection.kind;
}

/** One route whose rules have one match each, named as in `matches`. */
function routeOf(matches: Readonly<Record<string, Partial<HttpMatch>>>, over: Partial<HttpRoute> = {}) {
  const rules = Object.entries(matches).map(([name, match]) =>
    makeRule({ name, matches: [makeMatch(match)] }),
  );
  return makeRoute({ ...over, rules });
}

const grpcCall = (target: string, headers: Fields = {}): Ask => ({
  target,
  method: 'POST',
  headers: { 'content-type': 'application/grpc', ...headers },
});

test('without routes a request goes where it was dialled', async (t) => {
  t.equal(select([]), 'default');
});

test('routes of another service or port do not count', async (t) => {
  const other = makeRoute({ service: makeService({ name: 'other' }) });
  const ofPort = makeRoute({ rules: [makeRule({ name: 'ofPort' })] });
  const narrowed = { ...ofPort, parents: ofPort.parents.map((parent) => ({ ...parent, port: 80 })) };
  t.equal(select([other]), 'default');
  t.equal(select([narrowed], {}, 'shop', 80), 'ofPort');
  t.equal(select([narrowed], {}, 'shop', 81), 'default');
});

test('with routes, what no rule takes is unmatched', async (t) => {
  t.equal(select([routeOf({ a: { path: exact('/a') } })], { target: '/b' }), 'unmatched');
});

test('paths match exactly, by whole elements, or by expression', async (t) => {
  const rows: [HttpMatch['path'], string, boolean][] = [
    [exact('/a'), '/a', true],
    [exact('/a'), '/a?x=1', true],
    [exact('/a'), '/a/', false],
    [exact('/a'), '/A', false],
    [exact('/a/'), '/a', false],
    [prefix('/a'), '/a', true],
    [prefix('/a'), '/a/', true],
    [prefix('/a'), '/a/b', true],
    [prefix('/a'), '/a?b', true],
    [prefix('/a'), '/ab', false],
    [prefix('/a'), '/A/b', false],
    [prefix('/a'), '/b/a', false],
    [prefix('/a/'), '/a', true],
    [prefix('/a/'), '/a/b', true],
    [prefix('/a/b'), '/a', false],
    [prefix('/'), '/', true],
    [prefix('/'), '/anything/at/all', true],
    [prefix('/'), '//', true],
    [regex('/v[0-9]+/.*'), '/v12/x', true],
    [regex('/v[0-9]+'), '/v12/x', false],
    [regex('v[0-9]+'), '/v12', false],
    [regex('/(?i)abc'), '/ABC', true],
    [regex('/a|/b'), '/b', true],
    [regex('/ab?c'), '/ac', true],
    [regex('/a\\.b'), '/a.b', true],
    [regex('/a\\.b'), '/axb', false],
  ];
  for (const [path, target, holds] of rows) {
    const selected = select([routeOf({ yes: { path } })], { target });
    t.equal(selected, holds ? 'yes' : 'unmatched', `${JSON.stringify(path)} ${target}`);
  }
});

test('methods, headers and query parameters must all hold', async (t) => {
  const rows: [Partial<HttpMatch>, Ask, boolean][] = [
    [{ method: 'POST' }, { method: 'POST' }, true],
    [{ method: 'POST' }, { method: 'GET' }, false],
    [{ method: 'POST' }, { method: 'post' }, false],
    [{ headers: [value('version', 'one')] }, { headers: { Version: 'one' } }, true],
    [{ headers: [value('version', 'one')] }, { headers: { Version: 'ONE' } }, false],
    [{ headers: [value('version', 'one')] }, {}, false],
    [{ headers: [value('version', 'o.*', 'regex')] }, { headers: { version: 'one' } }, true],
    [{ headers: [value('version', 'o', 'regex')] }, { headers: { version: 'one' } }, false],
    // The first of several for one name counts.
    [{ headers: [value('v', '1'), value('v', '2')] }, { headers: { v: '1' } }, true],
    [{ headers: [value('v', '1'), value('v', '2')] }, { headers: { v: '2' } }, false],
    [{ headers: [value('v', '1'), value('w', '2')] }, { headers: { v: '1' } }, false],
    [{ headers: [value('host', 'echo:80')] }, { authority: 'echo:80' }, true],
    [{ query: [value('a', 'b')] }, { target: '/?a=b' }, true],
    [{ query: [value('a', 'b')] }, { target: '/?x=y&a=b' }, true],
    [{ query: [value('a', 'b')] }, { target: '/?a=c&a=b' }, false],
    [{ query: [value('a', 'b')] }, { target: '/?A=b' }, false],
    [{ query: [value('a', 'b')] }, { target: '/?a=bc' }, false],
    [{ query: [value('a', '')] }, { target: '/?a' }, true],
    [{ query: [value('a b', 'c/d')] }, { target: '/?a%20b=c%2Fd' }, true],
    [{ query: [value('a', 'b c')] }, { target: '/?a=b+c' }, false],
    [{ query: [value('a', 'b+c')] }, { target: '/?a=b+c' }, true],
    [{ query: [value('a', 'ü')] }, { target: '/?a=%C3%BC' }, true],
    [{ query: [value('a', '%zz')] }, { target: '/?a=%zz' }, true],
    [{ query: [value('a', '[bc]+', 'regex')] }, { target: '/?a=cb' }, true],
    [{ query: [value('a', 'b=c')] }, { target: '/?a=b=c' }, true],
  ];
  for (const [match, ask, holds] of rows) {
    const selected = select([routeOf({ yes: match })], ask);
    t.equal(selected, holds ? 'yes' : 'unmatched', `${JSON.stringify(match)} ${JSON.stringify(ask)}`);
  }
});

test('repeated headers are matched as one value', async (t) => {
  const route = routeOf({ yes: { headers: [value('tag', 'a, b')] } });
  const request = makeRequest();
  request.headers.add('Tag', 'a');
  request.headers.add('tag', 'b');
  t.equal(createRouteTable([route], echo, 80).select(request, 'shop').kind, 'rule');
});

test('of the rules that hold the most specific wins, however they are written down', async (t) => {
  const headers = (count: number) => Array.from({ length: count }, (_, index) => value(`h${index}`, '1'));
  const query = (count: number) => Array.from({ length: count }, (_, index) => value(`q${index}`, '1'));
  const ask: Ask = {
    target: '/a/b?q0=1&q1=1',
    headers: { h0: '1', h1: '1' },
  };
  // Each beats all below it.
  const ladder: [string, Partial<HttpMatch>][] = [
    ['exact', { path: exact('/a/b') }],
    ['longer regex', { path: regex('/[a]/b') }],
    ['regex', { path: regex('/./b') }],
    ['prefix with method', { path: prefix('/a/b'), method: 'GET' }],
    ['prefix with two headers', { path: prefix('/a/b'), headers: headers(2) }],
    ['prefix with header and two parameters', { path: prefix('/a/b'), headers: headers(1), query: query(2) }],
    ['prefix with header and parameter', { path: prefix('/a/b'), headers: headers(1), query: query(1) }],
    ['prefix with header', { path: prefix('/a/b'), headers: headers(1) }],
    ['prefix with parameter', { path: prefix('/a/b'), query: query(1) }],
    ['prefix', { path: prefix('/a/b') }],
    ['shorter prefix with all', { path: prefix('/a'), method: 'GET', headers: headers(2), query: query(2) }],
    ['shorter prefix', { path: prefix('/a') }],
    ['any', { path: prefix('/') }],
  ];
  for (let top = 0; top < ladder.length; top++) {
    const rest = ladder.slice(top);
    const written = Object.fromEntries(rest.toReversed());
    t.equal(select([routeOf(written)], ask), rest[0]?.[0]);
    const apart = rest.toReversed().map(([name, match]) => routeOf({ [name]: match }, { name }));
    t.equal(select(apart, ask), rest[0]?.[0], 'also of several routes');
  }
});

test('many rules for one path are told apart by a header, in their order', async (t) => {
  const tenants = Array.from({ length: 40 }, (_, index) => [
    `tenant ${index}`,
    { headers: [value('tenant', `${index}`)] },
  ]);
  const route = routeOf({
    both: { headers: [value('tenant', '7'), value('beta', '1')] },
    ...Object.fromEntries(tenants),
    'tenant 5 again': { headers: [value('tenant', '5')] },
    expression: { headers: [value('tenant', '3[0-9]', 'regex')] },
    method: { method: 'POST' },
    any: {},
  });
  const rows: [Ask, string][] = [
    [{ headers: { tenant: '5' } }, 'tenant 5'],
    [{ headers: { tenant: '7' } }, 'tenant 7'],
    [{ headers: { tenant: '7', beta: '1' } }, 'both'],
    [{ headers: { tenant: '39' } }, 'tenant 39'],
    [{ headers: { tenant: '99' } }, 'any'],
    [{ method: 'POST', headers: { tenant: '5' } }, 'method'],
    [{}, 'any'],
  ];
  for (const [ask, expected] of rows) t.equal(select([route], ask), expected, JSON.stringify(ask));
  const earlier = routeOf(
    { expression: { headers: [value('tenant', '3[0-9]', 'regex')] } },
    { createdMs: -1 },
  );
  t.equal(select([route, earlier], { headers: { tenant: '39' } }), 'expression');
});

test('among equals the older route wins, then the name, then the order of the rules', async (t) => {
  const older = routeOf({ older: {} }, { createdMs: 1, name: 'z' });
  const a = routeOf({ a1: {}, a2: {} }, { createdMs: 2, name: 'a' });
  const b = routeOf({ b: {} }, { createdMs: 2, name: 'b' });
  const unknown = routeOf({ unknown: {} }, { createdMs: Number.POSITIVE_INFINITY, name: '0' });
  const unknown2 = routeOf({ unknown2: {} }, { createdMs: Number.POSITIVE_INFINITY, name: '1' });
  t.equal(select([b, unknown, a, older]), 'older');
  t.equal(select([b, unknown, a]), 'a1');
  t.equal(select([unknown, b]), 'b');
  t.equal(select([unknown2, unknown]), 'unknown');
});

test('a host that names the service meets every route, whatever its hostnames', async (t) => {
  const route = routeOf({ yes: {} }, { hostnames: ['example.com'] });
  for (const authority of [
    'echo',
    'ECHO',
    'echo:80',
    'echo.shop',
    'echo.shop.svc',
    'echo.shop.svc:8080',
    'echo.shop.svc.cluster.local',
    'echo.shop.svc.cluster.local.',
    '10.96.0.1',
    '10.0.0.7:8080',
    '[fd00::1]:80',
  ])
    t.equal(select([route], { authority }), 'yes', authority);
});

test('any other host must be one of the hostnames, where there are some', async (t) => {
  const rows: [string[], string, boolean][] = [
    [[], 'anything.at.all', true],
    [['example.com'], 'example.com', true],
    [['example.com'], 'Example.COM:8080', true],
    [['example.com'], 'www.example.com', false],
    [['example.com'], 'other', false],
    [['*.example.com'], 'www.example.com', true],
    [['*.example.com'], 'a.b.example.com', true],
    [['*.example.com'], 'example.com', false],
    [['*.example.com'], '.example.com', false],
    [['*.example.com'], 'notexample.com', false],
    [['a.com', 'b.com'], 'b.com', true],
    [['example.com'], 'echo.bank', false],
    [['example.com'], 'echo.shop.svc.cluster.local.evil.com', false],
    [['example.com'], 'example.com.', true],
    [['*.com'], `${'a.'.repeat(200)}com`, false],
  ];
  for (const [hostnames, authority, holds] of rows) {
    const selected = select([routeOf({ yes: {} }, { hostnames })], { authority });
    t.equal(selected, holds ? 'yes' : 'unmatched', `${hostnames} ${authority}`);
  }
});

test('the longer hostname comes before everything about the match', async (t) => {
  const any = routeOf({ any: { path: exact('/a') } }, { name: 'any' });
  const wild = routeOf({ wild: { path: exact('/a') } }, { name: 'wild', hostnames: ['*.com'] });
  const wilder = routeOf({ wilder: { path: exact('/a') } }, { name: 'wilder', hostnames: ['*.a.com'] });
  const one = routeOf({ one: { path: prefix('/') } }, { name: 'one', hostnames: ['x.a.com'] });
  const ask = (authority: string): Ask => ({ authority, target: '/a' });
  const all = [any, wild, wilder, one];
  t.equal(select(all, ask('x.a.com')), 'one');
  t.equal(select(all, ask('y.a.com')), 'wilder');
  t.equal(select(all, ask('b.com')), 'wild');
  t.equal(select(all, ask('b.org')), 'any');
  // What the better hostname does not take is left to the others.
  const narrow = routeOf({ narrow: { path: exact('/b') } }, { name: 'one', hostnames: ['x.a.com'] });
  t.equal(select([any, wild, wilder, narrow], ask('x.a.com')), 'wilder');
  t.equal(select([any, narrow], ask('x.a.com')), 'any');
});

test('a consumer route is for clients of its namespace, and takes the place of the producer’s', async (t) => {
  const producer = routeOf({ producer: {} });
  const consumer = routeOf({ consumer: { path: prefix('/a') } }, { namespace: 'bank' });
  const both = [producer, consumer];
  t.equal(select(both, { target: '/a' }, 'shop'), 'producer');
  t.equal(select(both, { target: '/a' }, 'bank'), 'consumer');
  t.equal(select(both, { target: '/b' }, 'bank'), 'unmatched', 'also where none of its rules holds');
  t.equal(select(both, { target: '/a' }, 'other'), 'producer');
  t.equal(select([consumer], { target: '/a' }, 'shop'), 'default');
});

test('GRPCRoutes match service and method, the longest names first', async (t) => {
  const rows: [Parameters<typeof grpc>, string, boolean][] = [
    [['a.B', 'C'], '/a.B/C', true],
    [['a.B', 'C'], '/a.B/c', false],
    [['a.B', 'C'], '/a.b/C', false],
    [['a.B', undefined], '/a.B/X', true],
    [['a.B', undefined], '/a.BB/X', false],
    [[undefined, 'C'], '/x/C', true],
    [[undefined, undefined], '/x/y', true],
  ];
  for (const [[service, method], target, holds] of rows) {
    const route = routeOf({ yes: { path: grpc(service, method) } }, { kind: 'GRPCRoute' });
    t.equal(select([route], grpcCall(target)), holds ? 'yes' : 'unmatched', `${service} ${method} ${target}`);
  }
  const ladder: [string, Partial<HttpMatch>][] = [
    ['all', { path: grpc('a.B', 'C') }],
    ['service with header', { path: grpc('a.B', undefined), headers: [value('v', '1')] }],
    ['service', { path: grpc('a.B', undefined) }],
    ['regexes', { path: { kind: 'grpc', type: 'regex', service: '[a]\\.[B]', method: '[A-Z]+' } }],
    ['regex', { path: { kind: 'grpc', type: 'regex', service: '[a]\\.[B]', method: undefined } }],
    ['method', { path: grpc(undefined, 'C'), headers: [value('v', '1')] }],
    ['any', { path: grpc(undefined, undefined) }],
  ];
  for (let top = 0; top < ladder.length; top++) {
    const rest = ladder.slice(top);
    const route = routeOf(Object.fromEntries(rest.toReversed()), { kind: 'GRPCRoute' });
    t.equal(select([route], grpcCall('/a.B/C', { v: '1' })), rest[0]?.[0]);
  }
});

test('a gRPC expression must match all of the name', async (t) => {
  const path: HttpMatch['path'] = { kind: 'grpc', type: 'regex', service: 'a\\..*', method: 'Get.*' };
  const route = routeOf({ yes: { path } }, { kind: 'GRPCRoute' });
  t.equal(select([route], grpcCall('/a.B/GetX')), 'yes');
  t.equal(select([route], grpcCall('/x.a.B/GetX')), 'unmatched');
  t.equal(select([route], grpcCall('/a.B/XGet')), 'unmatched');
});

test('GRPCRoutes are for gRPC alone and HTTPRoutes, where there are both, for the rest', async (t) => {
  const http = routeOf({ http: {} });
  const rpc = routeOf({ rpc: { path: grpc('a.B', undefined) } }, { kind: 'GRPCRoute' });
  t.equal(select([http, rpc], grpcCall('/a.B/C')), 'rpc');
  t.equal(select([http, rpc], { target: '/a.B/C' }), 'http');
  t.equal(select([http, rpc], grpcCall('/x.Y/Z')), 'unmatched', 'they are not mixed');
  t.equal(select([http], grpcCall('/a.B/C')), 'http');
  t.equal(select([rpc], { target: '/a.B/C' }), 'unmatched');
  t.equal(select([rpc], { ...grpcCall('/a.B/C'), method: 'GET' }), 'unmatched');
  t.equal(
    select([rpc], { ...grpcCall('/a.B/C'), headers: { 'content-type': 'application/grpc+proto' } }),
    'rpc',
  );
  t.equal(
    select([rpc], { ...grpcCall('/a.B/C'), headers: { 'content-type': 'application/grpcish' } }),
    'unmatched',
  );
});

test('a match whose expression is not RE2 holds for nothing and is told; the others hold', async (t) => {
  const route = routeOf({
    bad: { path: regex('/(?=a)a') },
    badHeader: { headers: [value('a', '(', 'regex')] },
    good: { path: prefix('/') },
  });
  const table = createRouteTable([route], echo, 80);
  t.match(table.problems, [{ code: 'ERR_WAYPOINT_PATTERN' }, { code: 'ERR_WAYPOINT_PATTERN' }]);
  t.equal(select([route], { target: '/a', headers: { a: '(' } }), 'good');
});
