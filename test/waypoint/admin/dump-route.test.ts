import { test } from 'tap';
import type { ExtensionKey, HttpFilter, HttpRule, StreamRoute } from '../../../src/model/index.ts';
import { extensionKey, routeKey } from '../../../src/model/index.ts';
import { type DumpedRule, dumpRoute } from '../../../src/waypoint/admin/dump-route.ts';
import {
  backend,
  exact,
  grpc,
  makeMatch,
  makeRoute,
  makeRule,
  prefix,
  regex,
  shopService,
  value,
} from '../routing/route-fixtures.ts';

const KNOWN: ExtensionKey = extensionKey('RateLimit', 'shop', 'slow');
const known = { hasExtension: (key: ExtensionKey) => key === KNOWN };
const missing = { kind: 'invalid', reason: 'BackendNotFound', message: 'no service shop/gone' } as const;

function dumpRule(rule: Partial<HttpRule>): DumpedRule {
  const [dumped] = dumpRoute(makeRoute({ rules: [makeRule(rule)] }), known).rules;
  if (dumped === undefined) throw new Error('a rule was expected');
  return dumped;
}

test('a route is dumped with whom it is for, and where', async (t) => {
  const route = makeRoute({
    namespace: 'web',
    createdMs: Date.parse('2026-01-02T03:04:05Z'),
    parents: [
      { service: shopService('cart'), port: 8080 },
      {
        service: makeRoute({ namespace: 'web' }).parents[0]?.service ?? shopService('echo'),
        port: undefined,
      },
    ],
    hostnames: ['a.example'],
  });
  t.match(dumpRoute(route, known), {
    kind: 'HTTPRoute',
    namespace: 'web',
    created: '2026-01-02T03:04:05.000Z',
    parents: [
      { service: 'shop/cart.shop.svc.cluster.local', port: 8080, role: 'consumer' },
      { port: undefined, role: 'consumer' },
    ],
    hostnames: ['a.example'],
  });
  t.match(dumpRoute(makeRoute(), known).parents, [{ role: 'producer' }]);
  t.equal(dumpRoute(makeRoute({ createdMs: Number.POSITIVE_INFINITY }), known).created, undefined);
});

test('matches read as requests do', async (t) => {
  const matches = [
    makeMatch({ path: prefix('/v1'), method: 'GET', headers: [value('x-version', '2')] }),
    makeMatch({ path: exact('/a'), query: [value('debug', '1'), value('q', '.+', 'regex')] }),
    makeMatch({ path: regex('/[ab]'), headers: [value('x', 'two words')] }),
    makeMatch({ path: grpc('shop.Cart', undefined) }),
    makeMatch({ path: grpc(undefined, 'Get') }),
  ];
  t.same(dumpRule({ matches, backends: [backend('cart')] }).matches, [
    'GET /v1* x-version=2',
    '/a ?debug=1 ?q~.+',
    '~/[ab] x="two words"',
    'shop.Cart/*',
    '*/Get',
  ]);
});

const FILTERS: readonly (readonly [text: string, filter: HttpFilter])[] = [
  [
    'request headers a=1 b+="2 3" -c',
    {
      type: 'request-headers',
      set: [{ name: 'a', value: '1' }],
      add: [{ name: 'b', value: '2 3' }],
      remove: ['c'],
    },
  ],
  ['response headers -c', { type: 'response-headers', set: [], add: [], remove: ['c'] }],
  [
    'redirect 301 to scheme https host b.example port 8443 path /new',
    {
      type: 'redirect',
      scheme: 'https',
      hostname: 'b.example',
      port: 8443,
      path: { kind: 'full', value: '/new' },
      status: 301,
    },
  ],
  [
    'redirect 302',
    {
      type: 'redirect',
      scheme: undefined,
      hostname: undefined,
      port: undefined,
      path: undefined,
      status: 302,
    },
  ],
  [
    'rewrite host b.example prefix /v2',
    { type: 'rewrite', hostname: 'b.example', path: { kind: 'prefix', value: '/v2' } },
  ],
  [
    'mirror 0.5% to shop/cart.shop.svc.cluster.local:8080',
    { type: 'mirror', backend: backend('cart').target, numerator: 5, denominator: 1_000 },
  ],
  [
    'CORS https://a.example,https://b.example',
    {
      type: 'cors',
      allowOrigins: ['https://a.example', 'https://b.example'],
      allowCredentials: false,
      allowMethods: [],
      allowHeaders: [],
      exposeHeaders: [],
      maxAgeSeconds: 5,
    },
  ],
  ['RateLimit/shop/slow', { type: 'extension', object: KNOWN, missing: false }],
];

test('filters say what they do', async (t) => {
  for (const [text, filter] of FILTERS) {
    const { filters, problems } = dumpRule({ filters: [filter], backends: [backend('cart')] });
    t.same(filters, [text]);
    t.same(problems, [], text);
  }
});

test('backends have their weights, and a rule its times, retries and sessions', async (t) => {
  const filter: HttpFilter = { type: 'request-headers', set: [], add: [], remove: ['c'] };
  t.match(
    dumpRule({
      name: 'main',
      backends: [backend('cart', 90), backend('cart-v2', 10, { filters: [filter] })],
      timeouts: { requestMs: 10_000, backendRequestMs: 0 },
      retry: { attempts: 3, codes: [502], backoffMs: undefined },
      sessionPersistence: {
        type: 'cookie',
        sessionName: 'cart',
        absoluteTimeoutMs: undefined,
        idleTimeoutMs: undefined,
        permanentCookie: false,
      },
    }),
    {
      name: 'main',
      backends: [
        { target: 'shop/cart.shop.svc.cluster.local:8080', weight: 90, filters: [] },
        { target: 'shop/cart-v2.shop.svc.cluster.local:8080', weight: 10, filters: ['request headers -c'] },
      ],
      requestTimeoutMs: 10_000,
      backendRequestTimeoutMs: 0,
      retry: { attempts: 3, codes: [502], backoffMs: undefined },
      sessionPersistence: 'cookie cart',
      problems: [],
    },
  );
});

test('what does not work of a rule is told with what becomes of its requests', async (t) => {
  const other = extensionKey('Filter', 'shop', 'other');
  const { problems, backends } = dumpRule({
    matches: [
      makeMatch({ path: regex('/(?=a)') }),
      makeMatch({ headers: [value('x', '(', 'regex')] }),
      makeMatch({ path: { kind: 'grpc', type: 'regex', service: '(', method: undefined } }),
    ],
    filters: [
      { type: 'mirror', backend: missing, numerator: 1, denominator: 1 },
      { type: 'extension', object: KNOWN, missing: true },
      { type: 'extension', object: other, missing: false },
    ],
    backends: [backend('cart', 3), backend('gone', 1, { target: missing })],
  });
  t.match(backends, [{}, { target: undefined, weight: 1 }]);
  t.match(problems, [
    /^match ~\/\(\?=a\): expected a regular expression in RE2 syntax, got "\/\(\?=a\)"; it holds for no request$/,
    /^match \/\* x~\(: expected .*got "\("; it holds/,
    /^match ~\(\/\*: expected/,
    'mirror: BackendNotFound: no service shop/gone; no copies are sent',
    'filter RateLimit/shop/slow: expected one that is valid, got none; requests get a 500',
    'filter Filter/shop/other: expected one that is valid, got none; requests get a 500',
    'backend 2: BackendNotFound: no service shop/gone; 25% of requests get a 500, gRPC calls UNAVAILABLE',
  ]);
  t.equal(problems.length, 7);
  t.same(dumpRule({ backends: [backend('gone', 1, { target: missing })] }).problems, [
    'backend 1: BackendNotFound: no service shop/gone; requests get a 500, gRPC calls UNAVAILABLE',
  ]);
  t.same(dumpRule({ backends: [backend('cart', 0)] }).problems, [
    'expected a backend with a weight above 0, got none; requests get a 500, gRPC calls UNAVAILABLE',
  ]);
});

test('a rule that redirects needs no backend', async (t) => {
  const [, filter] = FILTERS.find(([text]) => text === 'redirect 302') ?? [];
  if (filter === undefined) throw new Error('a redirect was expected');
  t.same(dumpRule({ filters: [filter] }).problems, []);
});

test('routes of connections have backends alone, and one rule that counts', async (t) => {
  const rule = { name: '', backends: [{ weight: 1, target: missing }] };
  const route: StreamRoute = {
    ...makeRoute(),
    kind: 'TCPRoute',
    key: routeKey('TCPRoute', 'shop', 'route'),
    rules: [rule, { name: 'late', backends: [{ weight: 1, target: backend('cart').target }] }],
  };
  t.match(dumpRoute(route, known), {
    kind: 'TCPRoute',
    rules: [
      {
        matches: [],
        problems: ['backend 1: BackendNotFound: no service shop/gone; connections are refused'],
      },
      { name: 'late', problems: ['only the first rule of such a route counts'] },
    ],
  });
});
