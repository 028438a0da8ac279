import { test } from 'tap';
import type { CorsFilter, HttpFilter } from '../../../../src/model/index.ts';
import { createCorsLayer } from '../../../../src/waypoint/layers/routing/cors/cors.ts';
import { compileOrigin } from '../../../../src/waypoint/layers/routing/cors/origin-pattern.ts';
import { createRouteLayer } from '../../../../src/waypoint/layers/routing/route.ts';
import { createRouteTable } from '../../../../src/waypoint/routing/route-table.ts';
import {
  type Fields,
  fieldsOf,
  makeRequest,
  makeResponse,
  recordingHandler,
} from '../../request-fixtures.ts';
import { backend, echo, makeMatch, makeRoute, makeRule } from '../../routing/route-fixtures.ts';
import { throughRule } from './routing-fixtures.ts';

const cors = (over: Partial<CorsFilter>): CorsFilter => ({
  type: 'cors',
  allowOrigins: ['https://a.example'],
  allowCredentials: false,
  allowMethods: [],
  allowHeaders: [],
  exposeHeaders: [],
  maxAgeSeconds: 5,
  ...over,
});

/** Fields of the answer to a request through a rule with these filters; the vary field apart. */
async function answered(
  filters: readonly HttpFilter[],
  ask: { method?: string; headers?: Fields },
  backendFields: Fields = {},
) {
  const leaf = recordingHandler(() => makeResponse(200, backendFields));
  const layers = [createCorsLayer(), createRouteLayer()];
  const response = await throughRule({ filters, backends: [backend('v1')] }, layers, leaf)(ask);
  const { vary, ...fields } = fieldsOf(response.headers);
  return { status: response.status, fields, vary, reached: leaf.calls.length > 0 };
}

const preflight = (origin: string, headers: Fields = {}) => ({
  method: 'OPTIONS',
  headers: { origin, 'access-control-request-method': 'PUT', ...headers },
});

test('origins match by scheme, host and port, with a wildcard at the left of the host', async (t) => {
  const rows: [string, string, boolean][] = [
    ['https://a.example', 'https://a.example', true],
    ['https://a.example', 'HTTPS://A.Example', true],
    ['https://a.example', 'https://a.example:443', true],
    ['https://a.example:443', 'https://a.example', true],
    ['https://a.example', 'https://a.example:8443', false],
    ['https://a.example', 'http://a.example', false],
    ['http://a.example', 'http://a.example:80', true],
    ['https://a.example', 'https://b.example', false],
    ['https://a.example', 'https://a.example.evil', false],
    ['https://a.example', 'https://evil-a.example', false],
    ['https://*.a.example', 'https://x.a.example', true],
    ['https://*.a.example', 'https://x.y.a.example', true],
    ['https://*.a.example', 'https://a.example', false],
    ['https://*.a.example', 'https://.a.example', false],
    ['https://*.a.example', 'https://xa.example', false],
    ['https://*.a.example', 'https://x.a.example:444', false],
    ['https://*.a.example:444', 'https://x.a.example:444', true],
    ['https://*', 'https://anything.at.all', true],
    ['https://*', 'http://anything.at.all', false],
    ['*', 'https://anything.at.all', true],
    ['*', 'null', true],
    ['https://*', 'null', false],
    ['https://a.example', 'https://a.example/path', false],
    ['https://a.example', 'https://user@a.example', false],
    ['https://a.example', '', false],
  ];
  for (const [pattern, origin, allowed] of rows)
    t.equal(compileOrigin(pattern)(origin), allowed, `${pattern} ${origin}`);
});

test('a preflight is answered without the backend', async (t) => {
  const filter = cors({
    allowMethods: ['GET', 'PUT'],
    allowHeaders: ['x-one', 'x-two'],
    exposeHeaders: ['x-out'],
    maxAgeSeconds: 3_600,
  });
  const allowed = await answered([filter], preflight('https://a.example'));
  t.same(allowed, {
    status: 204,
    fields: {
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-methods': 'GET, PUT',
      'access-control-allow-headers': 'x-one, x-two',
      'access-control-max-age': '3600',
    },
    vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    reached: false,
  });
  const denied = await answered([filter], preflight('https://b.example'));
  t.match(denied, { status: 204, fields: {}, reached: false });
  t.same(denied.fields, {});
});

test('what wildcards and credentials make of a preflight', async (t) => {
  const all = { allowOrigins: ['*'], allowMethods: ['*'], allowHeaders: ['*'] };
  const rows: [Partial<CorsFilter>, Fields, Fields][] = [
    [
      all,
      {},
      {
        'access-control-allow-origin': '*',
        'access-control-allow-methods': '*',
        'access-control-allow-headers': '*',
      },
    ],
    [
      all,
      { 'access-control-request-headers': 'authorization, x-a' },
      {
        'access-control-allow-origin': '*',
        'access-control-allow-methods': '*',
        'access-control-allow-headers': 'authorization, x-a',
      },
    ],
    [
      { ...all, allowCredentials: true },
      { 'access-control-request-headers': 'x-a' },
      {
        'access-control-allow-origin': 'https://a.example',
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'PUT',
        'access-control-allow-headers': 'x-a',
      },
    ],
    [
      { ...all, allowCredentials: true },
      {},
      {
        'access-control-allow-origin': 'https://a.example',
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'PUT',
      },
    ],
    [{}, {}, { 'access-control-allow-origin': 'https://a.example' }],
  ];
  for (const [filter, headers, expected] of rows) {
    const { fields } = await answered([cors(filter)], preflight('https://a.example', headers));
    t.same(fields, { ...expected, 'access-control-max-age': '5' }, JSON.stringify([filter, headers]));
  }
});

test('answers are marked for allowed origins, whatever the backend says itself', async (t) => {
  const own = {
    'access-control-allow-origin': '*',
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'x-secret',
  };
  const filter = cors({ exposeHeaders: ['x-out', 'x-more'] });
  const allowed = await answered([filter], { headers: { origin: 'https://a.example' } }, own);
  t.same(allowed, {
    status: 200,
    fields: {
      'access-control-allow-origin': 'https://a.example',
      'access-control-expose-headers': 'x-out, x-more',
    },
    vary: 'Origin',
    reached: true,
  });
  for (const headers of [{ origin: 'https://b.example' }, {}] as const) {
    const { fields, vary, reached } = await answered([filter], { headers }, own);
    t.same({ fields, vary, reached }, { fields: {}, vary: 'Origin', reached: true });
  }
});

test('a failure is answered so that a page of an allowed origin can tell what it was', async (t) => {
  const filters = [cors({})];
  const backends = [backend('v1')];
  const leaf = recordingHandler(() => Promise.reject(new Error('broken')));
  const send = throughRule({ filters, backends }, [createCorsLayer(), createRouteLayer()], leaf);
  const answer = await send({ headers: { origin: 'https://a.example' } });
  t.equal(answer.status, 500);
  t.equal(answer.headers.get('access-control-allow-origin'), 'https://a.example');
  t.equal(leaf.calls[0]?.context.record.error?.code, 'ERR_WAYPOINT_FAULT');
  await t.rejects(send({ headers: { origin: 'https://b.example' } }), { message: 'broken' });
  await t.rejects(send(), { message: 'broken' });
});

test('what wildcards and credentials make of an answer', async (t) => {
  const headers = { origin: 'https://a.example' };
  const anyone = await answered([cors({ allowOrigins: ['*'], exposeHeaders: ['*'] })], { headers });
  t.same(anyone.fields, { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*' });
  t.equal(anyone.vary, undefined);
  const known = await answered(
    [cors({ allowOrigins: ['*'], exposeHeaders: ['*'], allowCredentials: true })],
    { headers },
    { 'X-Out': '1' },
  );
  t.same(known.fields, {
    'X-Out': '1',
    'access-control-allow-origin': 'https://a.example',
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'x-out',
  });
  t.equal(known.vary, 'Origin');
});

test('an OPTIONS that is no preflight goes to the backend, and so does one without a filter', async (t) => {
  const plain = await answered([cors({})], { method: 'OPTIONS', headers: { origin: 'https://a.example' } });
  t.ok(plain.reached);
  t.equal(plain.fields['access-control-allow-origin'], 'https://a.example');
  t.match(await answered([], preflight('https://a.example')), { reached: true, fields: {}, vary: undefined });
});

test('a preflight belongs to the rule of the method that it asks about, where that has a filter', async (t) => {
  const rule = (name: string, method: string, filters: readonly HttpFilter[]) =>
    makeRule({ name, matches: [makeMatch({ method })], filters });
  const select = (rules: readonly ReturnType<typeof makeRule>[]) => {
    const selection = createRouteTable([makeRoute({ rules })], echo, 80).select(
      makeRequest(preflight('https://a.example')),
      'shop',
    );
    return selection.kind === 'rule' ? selection.rule.name : selection.kind;
  };
  const put = rule('put', 'PUT', [cors({})]);
  t.equal(select([put]), 'put');
  t.equal(select([put, makeRule({ name: 'any' })]), 'put');
  t.equal(select([put, rule('options', 'OPTIONS', [cors({})])]), 'options');
  t.equal(select([rule('get', 'GET', [cors({})])]), 'unmatched');
  t.equal(select([rule('put', 'PUT', []), makeRule({ name: 'any' })]), 'any');
});
