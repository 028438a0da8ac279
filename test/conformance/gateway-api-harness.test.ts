import { test } from 'tap';
import type { ManifestObject } from '../../src/lab/cluster/index.ts';
import {
  differences,
  type ReceivedAnswer,
  redirectDifferences,
  shareDifferences,
} from './gateway-api/compare/index.ts';
import { type ConformanceCase, loadConformanceData, objectOf, readTest } from './gateway-api/data/index.ts';
import { onServiceParents, reasonNotToRun, senderOf, statusChecks } from './gateway-api/move/index.ts';
import { conformancePage, type Outcome, testsNamedIn } from './gateway-api/report/conformance-page.ts';
import { needsConformanceData } from '../support/conformance.ts';

const GROUP = 'gateway.networking.k8s.io/v1';

function onlyCase(json: object): ConformanceCase {
  const [found] = readTest({ test: 'T', profile: 'mesh', cases: [json] }).cases;
  if (found === undefined) throw new Error('no case');
  return found;
}

const GOOD: ReceivedAnswer = {
  status: 200,
  headers: [
    ['X-Set', 'a'],
    ['x-set', 'b'],
    ['Vary', 'one, two'],
  ],
  body: JSON.stringify({
    pod: 'infra-backend-v1-abc',
    namespace: 'infra',
    host: 'bar.com',
    path: '/a?b=c',
    method: 'GET',
    headers: { 'X-One': ['1', '2'] },
  }),
};

const WANTED = {
  request: { protocol: 'HTTP', method: 'GET', path: '/a?b=c', host: null },
  expect: {
    status: [200, 201],
    backend: 'infra-backend-v1',
    namespace: 'infra',
    backendSees: {
      host: 'bar.com',
      path: '/a?b=c',
      method: 'GET',
      headers: { 'x-one': '1,2' },
      absentHeaders: ['x-two'],
    },
    responseHeaders: { 'x-set': 'a,b' },
    responseAbsentHeaders: ['x-gone'],
    responseHeaderOneOf: { vary: ['none', 'one,two'] },
    ignoreWhitespace: true,
  },
};

test('an answer as wanted has no differences, and each part that is not is found', async (t) => {
  const context = { namespaceOf: () => undefined };
  const wanted = onlyCase(WANTED);
  t.same(differences(wanted, GOOD, context), []);
  const body = JSON.parse(GOOD.body) as Record<string, unknown>;
  const changes: readonly (readonly [RegExp, Partial<ReceivedAnswer>])[] = [
    [/no answer: ECONNRESET/, { error: 'ECONNRESET' }],
    [/expected status 200 or 201, got 503/, { status: 503 }],
    [/expected backend infra-backend-v1/, { body: JSON.stringify({ ...body, pod: 'infra-backend-v2-x' }) }],
    [/expected a backend of infra/, { body: JSON.stringify({ ...body, namespace: 'web' }) }],
    [/saw host foo\.com/, { body: JSON.stringify({ ...body, host: 'foo.com' }) }],
    [/saw path \/a,/, { body: JSON.stringify({ ...body, path: '/a' }) }],
    [/saw method POST/, { body: JSON.stringify({ ...body, method: 'POST' }) }],
    [/saw x-one: 1, expected/, { body: JSON.stringify({ ...body, headers: { 'X-One': ['1'] } }) }],
    [
      /saw x-two: 3, expected none/,
      { body: JSON.stringify({ ...body, headers: { 'X-One': ['1', '2'], 'X-Two': ['3'] } }) },
    ],
    [
      /expected x-set: a,b, got a/,
      {
        headers: [
          ['X-Set', 'a'],
          ['vary', 'none'],
        ],
      },
    ],
    [/expected no x-gone, got y/, { headers: [...GOOD.headers, ['X-Gone', 'y']] }],
    [
      /expected vary: none or one,two, got three/,
      {
        headers: [
          ['x-set', 'a,b'],
          ['vary', 'three'],
        ],
      },
    ],
    [/expected a backend's answer/, { body: 'refused' }],
  ];
  for (const [pattern, change] of changes) {
    const found = differences(wanted, { ...GOOD, ...change }, context);
    t.ok(
      found.some((difference) => pattern.test(difference)),
      `${pattern}: ${found.join('; ')}`,
    );
  }
});

test('answers of echo-advanced are read, and their namespace is looked up', async (t) => {
  const body =
    'ServiceVersion=\nHost=echo\nURL=/x\nMethod=GET\nRequestHeader=X-One:1:2\nHostname=echo-v1-abc\n';
  const wanted = onlyCase({
    ...WANTED,
    expect: {
      status: [200],
      backend: 'echo-v1',
      namespace: 'mesh',
      backendSees: { host: 'echo', path: '/x', method: 'GET', headers: { 'X-One': '1:2' } },
    },
  });
  const answer = { ...GOOD, body };
  t.same(differences(wanted, answer, { namespaceOf: () => 'mesh' }), []);
  t.match(differences(wanted, answer, { namespaceOf: () => 'consumer' }), [/expected a backend of mesh/]);
});

test('gRPC codes are compared by their names', async (t) => {
  const wanted = onlyCase({
    grpc: { service: 's', method: 'm' },
    expect: { code: 'DeadlineExceeded', backend: null },
  });
  const context = { namespaceOf: () => undefined };
  const failed = { status: 0, headers: [], body: '', error: 'late' };
  t.same(differences(wanted, { ...failed, code: 'DEADLINE_EXCEEDED' }, context), []);
  t.match(differences(wanted, { ...failed, code: 'UNAVAILABLE' }, context), [
    /expected code DeadlineExceeded/,
  ]);
});

test('parts of a Location that a case does not name have their defaults', async (t) => {
  const none = { scheme: undefined, host: undefined, port: undefined, path: undefined };
  const request = { scheme: 'http', path: '/a?q' };
  const table: readonly (readonly [string, Partial<typeof none> | Record<string, string>, boolean])[] = [
    ['http://any/a', {}, true],
    ['http://any:80/a', {}, true],
    ['http://any:8080/a', {}, false],
    ['https://any/a', {}, false],
    ['https://any:443/a', { scheme: 'https' }, true],
    ['https://any:80/a', { scheme: 'https' }, false],
    ['http://example.org/a', { host: 'example.org' }, true],
    ['http://other/a', { host: 'example.org' }, false],
    ['http://any:8083/a', { port: '8083' }, true],
    ['http://any/a', { port: '8083' }, false],
    ['http://any/b', { path: '/b' }, true],
    ['http://any/a', { path: '/b' }, false],
    ['/a', {}, false],
  ];
  for (const [location, expected, holds] of table) {
    const found = redirectDifferences(location, { ...none, ...expected }, request);
    t.equal(found.length === 0, holds, `${location} for ${JSON.stringify(expected)}: ${found.join('; ')}`);
  }
  t.match(redirectDifferences(undefined, none, request), [/got none/]);
});

test('shares hold within the tolerance, and a weight of zero means none', async (t) => {
  const distribution = { weights: { a: 0.7, b: 0.3, c: 0 }, requests: 10, tolerance: 0.05, attempts: 1 };
  const pods = (a: number, b: number, c: number): string[] => [
    ...Array<string>(a).fill('a-1'),
    ...Array<string>(b).fill('b-1'),
    ...Array<string>(c).fill('c-1'),
  ];
  t.same(shareDifferences(distribution, pods(70, 30, 0)), []);
  t.same(shareDifferences(distribution, pods(74, 26, 0)), []);
  t.equal(shareDifferences(distribution, pods(76, 24, 0)).length, 2);
  t.match(shareDifferences(distribution, pods(700, 299, 1)), [/c: expected a share of 0/]);
  t.match(shareDifferences(distribution, [...pods(70, 29, 0), 'timeout']), [/answers of timeout/]);
});

test('a Gateway becomes a Service, and its routes have that for a parent', async (t) => {
  const gateway: ManifestObject = {
    apiVersion: GROUP,
    kind: 'Gateway',
    metadata: { name: 'g', namespace: 'infra' },
    spec: {
      listeners: [
        { name: 'web', port: 80, protocol: 'HTTP' },
        { name: 'secret', port: 443, protocol: 'HTTPS' },
      ],
    },
  };
  const route: ManifestObject = {
    apiVersion: GROUP,
    kind: 'HTTPRoute',
    metadata: { name: 'r', namespace: 'web' },
    spec: { parentRefs: [{ name: 'g', namespace: 'infra', sectionName: 'web' }], rules: [] },
  };
  const [front, moved] = onServiceParents([gateway, route]);
  t.match(front, { kind: 'Service', metadata: { name: 'g', namespace: 'infra' } });
  t.same(objectOf(front?.spec).ports, [{ name: 'web', port: 80, appProtocol: 'http' }]);
  t.match(moved, { spec: { parentRefs: [{ group: '', kind: 'Service', name: 'g', sectionName: 'web' }] } });
  const moving = readTest({ test: 'T', profile: 'gateway', cases: [{ request: { path: '/' }, expect: {} }] });
  const [one] = moving.cases;
  if (one === undefined) throw new Error('no case');
  t.match(senderOf(moving, one, [route]), {
    client: { namespace: 'web' },
    front: { namespace: 'infra', name: 'g' },
  });
  t.equal(reasonNotToRun(moving, [gateway, route]), undefined);
  const secret = {
    ...route,
    spec: { parentRefs: [{ name: 'g', namespace: 'infra', sectionName: 'secret' }] },
  };
  t.match(reasonNotToRun(moving, [gateway, secret]), /^TLS listener/);
});

test('rows of a table are put into the case that stands for them', async (t) => {
  const { cases } = readTest({
    test: 'T',
    profile: 'gateway',
    cases: [
      {
        request: { path: '/', host: { $expr: 'tc.host' } },
        expect: { status: [{ $expr: 'tc.statusCode' }] },
      },
      { request: { path: { $expr: 'somewhere()' } }, expect: {} },
    ],
    tables: [
      { name: 'cases', rows: [{ host: 'a', statusCode: 200 }, { statusCode: 404 }] },
      { name: 'namespaces', rows: ['x'] },
    ],
  });
  t.same(
    cases.map(({ request, expect, unresolved }) => [request.host, expect.status, unresolved]),
    [
      ['a', [200], []],
      [undefined, [404], []],
      [undefined, [], ['somewhere()']],
    ],
  );
});

test('assertions about routes are kept, those about Gateways are not', async (t) => {
  const gateway = { Name: 'g', Namespace: 'infra' };
  const route = { Name: 'r', Namespace: 'infra' };
  const checks = statusChecks([
    { assert: 'NamespacesMustBeReady', args: [['infra']] },
    { assert: 'GatewayAndHTTPRoutesMustBeAccepted', args: [gateway, route] },
    { assert: 'GatewayAndRoutesMustBeAccepted', args: [gateway, {}, true, route] },
    {
      assert: 'HTTPRouteMustHaveCondition',
      args: [route, gateway, { Type: 'ResolvedRefs', Status: 'False', Reason: 'X' }],
    },
    { assert: 'HTTPRouteMustHaveNoAcceptedParents', args: [route] },
    { assert: 'HTTPRouteMustHaveLatestConditions', args: [route] },
    { assert: 'HTTPRouteMustHaveLatestConditions', args: [route] },
    { assert: 'GatewayMustHaveZeroRoutes', args: [gateway] },
  ]);
  t.match(checks, [
    { kind: 'condition', route: { name: 'r', parent: 'g' }, condition: { type: 'Accepted', status: 'True' } },
    { kind: 'condition', route: { name: 'r' }, condition: { type: 'Accepted' } },
    { kind: 'condition', condition: { type: 'ResolvedRefs', status: 'False', reason: 'X' } },
    { kind: 'no-accepted-parents' },
    { kind: 'latest-conditions', afterChange: false },
    { kind: 'latest-conditions', afterChange: true },
  ]);
  t.equal(checks.length, 6);
});

test('the page counts by feature and names every test', async (t) => {
  const one = readTest({ test: 'One', profile: 'mesh', support: 'core', features: ['Mesh', 'HTTPRoute'] });
  const two = { ...one, name: 'Two', features: ['Mesh'] };
  const three = { ...one, name: 'Three', profile: 'gateway' as const, features: ['UDPRoute'] };
  const outcomes: readonly Outcome[] = [
    { test: one, result: { cases: 3, statuses: 1, failures: [] } },
    { test: two, result: { cases: 1, statuses: 0, failures: ['wrong'] } },
    { test: three, reason: 'UDP' },
  ];
  const page = conformancePage(outcomes);
  for (const row of [
    '| HTTPRoute | 1 | 1 | 0 | 0 |',
    '| Mesh | 2 | 1 | 1 | 0 |',
    '| UDPRoute | 1 | 0 | 0 | 1 |',
    '| One | mesh | core | 3 | 1 | passed |',
    '| Two | mesh | core | 1 | 0 | **failed** |',
    '| Three | gateway | core | – | – | not applicable: UDP |',
  ])
    t.ok(page.includes(`${row}\n`), row);
  t.same(testsNamedIn(page), ['One', 'Two', 'Three']);
});

test('every shared test is read whole', needsConformanceData(), async (t) => {
  const data = loadConformanceData();
  t.ok(data.tests.length > 40);
  for (const one of data.tests) {
    const own = one.manifests.flatMap((file) => data.manifests(file));
    if (reasonNotToRun(one, [...data.base, ...own]) !== undefined) continue;
    t.ok(one.cases.length + statusChecks(one.statusAssertions).length > 0, one.name);
    for (const { expect, unresolved, title } of one.cases) {
      t.same(unresolved, [], title);
      t.ok(expect.status.length > 0 || expect.code !== undefined, title);
    }
  }
});
