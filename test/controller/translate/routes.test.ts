import { test } from 'tap';
import type { HttpFilter, HttpRoute } from '../../../src/model/index.ts';
import { GOOD_SPECS } from '../support/admission-examples.ts';
import { meshOf, serviceObject } from '../support/mesh-of.ts';
import {
  BASE,
  backend,
  CART,
  conditions,
  httpRule,
  type Json,
  message,
  parent,
  route,
  routeOf,
  SOUND,
} from '../support/route-fixtures.ts';

test('an HTTPRoute becomes a route with everything that it says', async (t) => {
  const mesh = meshOf([
    ...BASE,
    route(
      'HTTPRoute',
      {
        hostnames: ['a.example', '*.b.example'],
        rules: [
          {
            name: 'first',
            matches: [
              {
                path: { type: 'Exact', value: '/a' },
                method: 'POST',
                headers: [
                  { name: 'X-One', value: '1' },
                  { name: 'x-one', value: '2' },
                ],
                queryParams: [{ type: 'RegularExpression', name: 'Q', value: '[0-9]+' }],
              },
            ],
            backendRefs: [
              { ...backend, weight: 3 },
              { name: 'pay', port: 80, weight: 0 },
            ],
            timeouts: { request: '1m30s', backendRequest: '0s' },
            retry: { attempts: 4, codes: [503, 500], backoff: '25ms' },
            sessionPersistence: {
              sessionName: 's',
              absoluteTimeout: '1h',
              cookieConfig: { lifetimeType: 'Permanent' },
            },
          },
          {},
        ],
      },
      'r',
      'shop',
      { creationTimestamp: '2030-01-01T00:00:00Z' },
    ),
  ]);
  t.same(conditions(mesh), SOUND);
  t.same(routeOf(mesh), {
    kind: 'HTTPRoute',
    key: 'HTTPRoute/shop/r',
    namespace: 'shop',
    name: 'r',
    createdMs: Date.parse('2030-01-01T00:00:00Z'),
    parents: [{ service: CART, port: undefined }],
    hostnames: ['a.example', '*.b.example'],
    rules: [
      {
        name: 'first',
        matches: [
          {
            path: { kind: 'exact', value: '/a' },
            method: 'POST',
            headers: [{ kind: 'exact', name: 'x-one', value: '1' }],
            query: [{ kind: 'regex', name: 'Q', value: '[0-9]+' }],
          },
        ],
        filters: [],
        backends: [
          { weight: 3, target: { kind: 'service', service: CART, port: 80 }, filters: [] },
          {
            weight: 0,
            target: { kind: 'service', service: 'shop/pay.shop.svc.domain.suffix', port: 80 },
            filters: [],
          },
        ],
        timeouts: { requestMs: 90_000, backendRequestMs: 0 },
        retry: { attempts: 4, codes: [503, 500], backoffMs: 25 },
        sessionPersistence: {
          type: 'cookie',
          sessionName: 's',
          absoluteTimeoutMs: 3_600_000,
          idleTimeoutMs: undefined,
          permanentCookie: true,
        },
      },
      {
        name: '',
        matches: [{ path: { kind: 'prefix', value: '/' }, method: undefined, headers: [], query: [] }],
        filters: [],
        backends: [],
        timeouts: { requestMs: undefined, backendRequestMs: undefined },
        retry: undefined,
        sessionPersistence: undefined,
      },
    ],
  });
});

test('each filter becomes its own, in the order of the rule', async (t) => {
  const cors = { allowOrigins: ['https://a.b'], allowMethods: ['GET'], allowCredentials: true };
  const cases: readonly (readonly [Json, HttpFilter])[] = [
    [
      {
        type: 'RequestHeaderModifier',
        requestHeaderModifier: {
          set: [
            { name: 'A', value: '1' },
            { name: 'a', value: '2' },
          ],
          add: [{ name: 'b', value: 'x y' }],
          remove: ['c'],
        },
      },
      {
        type: 'request-headers',
        set: [{ name: 'A', value: '1' }],
        add: [{ name: 'b', value: 'x y' }],
        remove: ['c'],
      },
    ],
    [
      { type: 'ResponseHeaderModifier', responseHeaderModifier: { remove: ['c'] } },
      { type: 'response-headers', set: [], add: [], remove: ['c'] },
    ],
    [
      {
        type: 'RequestMirror',
        requestMirror: { backendRef: { name: 'pay', port: 80 }, fraction: { numerator: 1, denominator: 3 } },
      },
      {
        type: 'mirror',
        backend: { kind: 'service', service: 'shop/pay.shop.svc.domain.suffix' as never, port: 80 },
        numerator: 1,
        denominator: 3,
      },
    ],
    [
      {
        type: 'URLRewrite',
        urlRewrite: {
          hostname: 'n.example',
          path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/n' },
        },
      },
      { type: 'rewrite', hostname: 'n.example', path: { kind: 'prefix', value: '/n' } },
    ],
    [
      { type: 'CORS', cors },
      { type: 'cors', ...cors, allowHeaders: [], exposeHeaders: [], maxAgeSeconds: 5 },
    ],
  ];
  const rules = [{ filters: cases.map(([filter]) => filter), backendRefs: [backend] }];
  t.same(
    httpRule(meshOf([...BASE, route('HTTPRoute', { rules })])).filters,
    cases.map(([, filter]) => filter),
  );
  const redirect = {
    scheme: 'https',
    port: 8443,
    statusCode: 307,
    path: { type: 'ReplaceFullPath', replaceFullPath: '/x' },
  };
  const redirecting = [{ filters: [{ type: 'RequestRedirect', requestRedirect: redirect }] }];
  t.same(httpRule(meshOf([...BASE, route('HTTPRoute', { rules: redirecting })])).filters, [
    {
      type: 'redirect',
      scheme: 'https',
      hostname: undefined,
      path: { kind: 'full', value: '/x' },
      port: 8443,
      status: 307,
    },
  ]);
  for (const [mirror, share] of [
    [{ percent: 5 }, [5, 100]],
    [{}, [100, 100]],
  ] as const) {
    const filters = [{ type: 'RequestMirror', requestMirror: { backendRef: backend, ...mirror } }];
    t.match(httpRule(meshOf([...BASE, route('HTTPRoute', { rules: [{ filters }] })])).filters, [
      { numerator: share[0], denominator: share[1] },
    ]);
  }
});

test('a GRPCRoute matches methods, and everything when it names none', async (t) => {
  const matches = [
    { method: { service: 'a.B', method: 'C' } },
    { method: { type: 'RegularExpression', service: 'a\\..*' }, headers: [{ name: 'X', value: '1' }] },
    {},
  ];
  const mesh = meshOf([...BASE, route('GRPCRoute', { rules: [{ matches, backendRefs: [backend] }, {}] })]);
  const { rules } = routeOf(mesh, 'GRPCRoute/shop/r') as HttpRoute;
  const any = { kind: 'grpc', type: 'exact', service: undefined, method: undefined };
  t.same(
    rules.map((rule) => rule.matches.map(({ path }) => path)),
    [
      [
        { kind: 'grpc', type: 'exact', service: 'a.B', method: 'C' },
        { kind: 'grpc', type: 'regex', service: 'a\\..*', method: undefined },
        any,
      ],
      [any],
    ],
  );
  t.same(rules[0]?.matches[1]?.headers, [{ kind: 'exact', name: 'x', value: '1' }]);
});

test('streams are routed as a whole, by server name where they are TLS', async (t) => {
  const rules = [
    {
      backendRefs: [
        { ...backend, weight: 2 },
        { name: 'gone', port: 1 },
      ],
    },
  ];
  const mesh = meshOf([
    ...BASE,
    route('TCPRoute', { rules }),
    route('TLSRoute', { rules, hostnames: ['*.example'] }),
  ]);
  t.match(routeOf(mesh, 'TCPRoute/shop/r'), {
    hostnames: [],
    rules: [
      {
        backends: [
          { weight: 2, target: { kind: 'service' } },
          { target: { kind: 'invalid', reason: 'BackendNotFound' } },
        ],
      },
    ],
  });
  t.match(routeOf(mesh, 'TLSRoute/shop/r'), { kind: 'TLSRoute', hostnames: ['*.example'] });
  t.same(conditions(mesh, 'TCPRoute/shop/r'), [
    'Accepted True Accepted',
    'ResolvedRefs False BackendNotFound',
  ]);
});

test('a backend that cannot be used keeps its share and fails it', async (t) => {
  const services = [
    ...BASE,
    serviceObject('shop', 'tls', [
      { port: 443, appProtocol: 'https' },
      { port: 53, protocol: 'UDP' },
    ]),
    { ...serviceObject('shop', 'elsewhere'), spec: { type: 'ExternalName', externalName: 'example.com' } },
  ];
  const cases: readonly (readonly [Json, string])[] = [
    [{ name: 'gone', port: 80 }, 'BackendNotFound'],
    [{ name: 'cart', port: 81 }, 'BackendNotFound'],
    [{ name: 'vault', namespace: 'bank', port: 80 }, 'RefNotPermitted'],
    [{ name: 'gone', namespace: 'bank', port: 80 }, 'RefNotPermitted'],
    [{ name: 'x', kind: 'Bucket', group: 'example.com' }, 'InvalidKind'],
    [{ name: 'tls', port: 443 }, 'UnsupportedProtocol'],
    [{ name: 'tls', port: 53 }, 'UnsupportedProtocol'],
    [{ name: 'elsewhere', port: 80 }, 'UnsupportedValue'],
  ];
  for (const [reference, reason] of cases) {
    const rules = [{ backendRefs: [{ ...reference, weight: 9 }, backend] }];
    const mesh = meshOf([...services, route('HTTPRoute', { rules })]);
    t.same(
      conditions(mesh),
      ['Accepted True Accepted', `ResolvedRefs False ${reason}`],
      JSON.stringify(reference),
    );
    t.match(httpRule(mesh).backends, [
      { weight: 9, target: { kind: 'invalid', reason } },
      { weight: 1, target: { kind: 'service' } },
    ]);
    const filters = [{ type: 'RequestMirror', requestMirror: { backendRef: reference } }];
    const mirroring = meshOf([
      ...services,
      route('HTTPRoute', { rules: [{ filters, backendRefs: [backend] }] }),
    ]);
    t.same(conditions(mirroring), ['Accepted True Accepted', `ResolvedRefs False ${reason}`], 'mirrored');
    t.match(httpRule(mirroring).filters, [{ backend: { kind: 'invalid', reason } }]);
  }
});

test('leave to refer to another namespace comes and goes with grants', async (t) => {
  const grant = (spec: Json) => ({
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kind: 'ReferenceGrant',
    metadata: { name: 'g', namespace: 'bank' },
    spec,
  });
  const from = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop' };
  const to = { group: '', kind: 'Service' };
  const rules = [{ backendRefs: [{ name: 'vault', namespace: 'bank', port: 80 }] }];
  const mesh = meshOf([...BASE, route('HTTPRoute', { rules })]);
  const isResolved = (): boolean => conditions(mesh)[1] === 'ResolvedRefs True ResolvedRefs';
  t.notOk(isResolved());
  for (const [spec, allowed] of [
    [{ from: [from], to: [to] }, true],
    [{ from: [{ ...from, namespace: 'bank' }], to: [to] }, false],
    [
      {
        from: [{ ...from, kind: 'GRPCRoute' }, from],
        to: [
          { ...to, name: 'other' },
          { ...to, name: 'vault' },
        ],
      },
      true,
    ],
    [{ from: [{ ...from, kind: 'GRPCRoute' }], to: [to] }, false],
    [{ from: [{ ...from, group: 'example.com' }], to: [to] }, false],
    [{ from: [from], to: [{ ...to, kind: 'Secret' }] }, false],
    [{ from: [from], to: [{ ...to, name: 'other' }] }, false],
    [{ from: [from], to: [to] }, true],
  ] as const) {
    mesh.apply(grant(spec));
    t.equal(isResolved(), allowed, JSON.stringify(spec));
  }
  mesh.remove(grant({ from: [from], to: [to] }));
  t.notOk(isResolved());
});

test('what goes to a service may go on to it without leave, if the route is for nothing else', async (t) => {
  const vault = parent('vault', { namespace: 'bank' });
  const rules = [{ backendRefs: [{ name: 'vault', namespace: 'bank', port: 80 }] }];
  t.same(conditions(meshOf([...BASE, route('HTTPRoute', { parentRefs: [vault], rules })])), SOUND);
  const both = meshOf([...BASE, route('HTTPRoute', { parentRefs: [vault, parent()], rules })]);
  t.equal(
    conditions(both)[1],
    'ResolvedRefs False RefNotPermitted',
    'else it would take traffic of another service there',
  );
});

test('a rule that cannot be done is dropped, and a route without any other is not accepted', async (t) => {
  const rewrite = {
    type: 'URLRewrite',
    urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } },
  };
  const redirect = { type: 'RequestRedirect', requestRedirect: { port: 80 } };
  const regex = (value: string) => ({ type: 'RegularExpression', name: 'x', value });
  const backends = [1, 2].map(() => ({ ...backend, filters: [rewrite] }));
  const bad: readonly (readonly [string, Json, string])[] = [
    ['HTTPRoute', { matches: [{ path: { type: 'RegularExpression', value: '(?=x)' } }] }, 'UnsupportedValue'],
    ['HTTPRoute', { matches: [{ headers: [regex('\\1')] }] }, 'UnsupportedValue'],
    ['HTTPRoute', { matches: [{}, { queryParams: [regex('(')] }] }, 'UnsupportedValue'],
    ['HTTPRoute', { matches: [], backendRefs: backends }, 'UnsupportedValue'],
    ['HTTPRoute', { backendRefs: [{ ...backend, filters: [redirect] }] }, 'IncompatibleFilters'],
    [
      'HTTPRoute',
      { backendRefs: [{ ...backend, filters: [{ type: 'CORS', cors: {} }] }] },
      'IncompatibleFilters',
    ],
    ['GRPCRoute', { matches: [{ method: { type: 'RegularExpression', method: '[' } }] }, 'UnsupportedValue'],
    ['GRPCRoute', { matches: [{ headers: [regex('*')] }] }, 'UnsupportedValue'],
  ];
  for (const [kind, rule, reason] of bad) {
    const key = `${kind}/shop/r`;
    const alone = meshOf([...BASE, route(kind, { rules: [rule, rule] })]);
    t.equal(conditions(alone, key)[0], `Accepted False ${reason}`, JSON.stringify(rule));
    t.equal(alone.collections.routes.size, 0);
    const mixed = meshOf([
      ...BASE,
      route(kind, {
        rules: [
          { name: 'good', backendRefs: [backend] },
          { ...rule, name: 'bad' },
        ],
      }),
    ]);
    t.same(
      conditions(mixed, key),
      [...SOUND, 'PartiallyInvalid True UnsupportedValue'],
      JSON.stringify(rule),
    );
    t.match(message(mixed, 'PartiallyInvalid', key), /^Dropped Rule.*rules\[1\] \(bad\): /);
    t.same(
      (routeOf(mixed, key) as HttpRoute).rules.map(({ name }) => name),
      ['good'],
    );
  }
});

test('a filter that leads nowhere is not skipped', async (t) => {
  const extension = (kind: string, group = 'nodemesh.io') => ({
    type: 'ExtensionRef',
    extensionRef: { group, kind, name: 'x' },
  });
  const limit = {
    apiVersion: 'nodemesh.io/v1alpha1',
    kind: 'RateLimit',
    metadata: { name: 'x', namespace: 'shop' },
    spec: GOOD_SPECS.RateLimit[0],
  };
  const rules = [
    {
      filters: [extension('RateLimit'), extension('Filter'), extension('Wasm', 'example.com')],
      backendRefs: [backend],
    },
  ];
  const mesh = meshOf([...BASE, limit, route('HTTPRoute', { rules })]);
  t.same(httpRule(mesh).filters, [
    { type: 'extension', object: 'RateLimit/shop/x', missing: false },
    { type: 'extension', object: 'Filter/shop/x', missing: true },
    { type: 'extension', object: 'Wasm/shop/x', missing: true },
  ]);
  t.same(conditions(mesh), ['Accepted True Accepted', 'ResolvedRefs False BackendNotFound']);
  mesh.remove(limit);
  t.match(httpRule(mesh).filters[0], { missing: true });
  const auth = { type: 'ExternalAuth', externalAuth: { protocol: 'GRPC', grpc: {}, backendRef: backend } };
  const judged = meshOf([
    ...BASE,
    route('HTTPRoute', { rules: [{ filters: [auth], backendRefs: [backend] }] }),
  ]);
  t.match(httpRule(judged).filters, [{ type: 'extension', missing: true }]);
  t.same(conditions(judged), ['Accepted True Accepted', 'ResolvedRefs False InvalidKind']);
});

test('a filter is not run where the route is of a consumer', async (t) => {
  const filters = [
    { type: 'ExtensionRef', extensionRef: { group: 'nodemesh.io', kind: 'Filter', name: 'x' } },
  ];
  const object = {
    apiVersion: 'nodemesh.io/v1alpha1',
    kind: 'Filter',
    metadata: { name: 'x', namespace: 'elsewhere' },
    spec: GOOD_SPECS.Filter[0],
  };
  const cart = { ...parent('cart'), namespace: 'shop' };
  const rules = [{ filters, backendRefs: [{ ...backend, namespace: 'shop' }] }];
  const mesh = meshOf([...BASE, object, route('HTTPRoute', { parentRefs: [cart], rules }, 'r', 'elsewhere')]);
  const key = 'HTTPRoute/elsewhere/r';
  t.match((routeOf(mesh, key) as HttpRoute).rules[0]?.filters, [{ type: 'extension', missing: true }]);
  t.same(conditions(mesh, key), ['Accepted True Accepted', 'ResolvedRefs False RefNotPermitted']);
});

test('a route does not keep the controller busy with its expressions', async (t) => {
  const value = 'x{1000}x{1000}x{1000}x{1000}';
  const headers = Array.from({ length: 16 }, (_, index) => ({
    type: 'RegularExpression',
    name: `h${index}`,
    value,
  }));
  const rules = [{ backendRefs: [backend] }, { matches: Array.from({ length: 64 }, () => ({ headers })) }];
  const mesh = meshOf([...BASE, route('HTTPRoute', { rules })]);
  t.match(
    message(mesh, 'PartiallyInvalid'),
    /rules\[1\]: expected regular expressions of at most 50000 steps/,
  );
});
