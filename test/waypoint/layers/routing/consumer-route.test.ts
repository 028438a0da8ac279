import { test } from 'tap';
import type { HeaderFilter, HttpFilter, HttpRule, RewriteFilter } from '../../../../src/model/index.ts';
import { createConsumerRouteLayer } from '../../../../src/waypoint/layers/routing/consumer-route.ts';
import {
  backendFiltersLayer,
  ruleFiltersLayer,
} from '../../../../src/waypoint/layers/routing/headers-and-url.ts';
import { createRouteLayer } from '../../../../src/waypoint/layers/routing/route.ts';
import { compose, type Layer } from '../../../../src/waypoint/request/layer.ts';
import { createRouteTable } from '../../../../src/waypoint/routing/route-table.ts';
import {
  fieldsOf,
  makeContext,
  makeRequest,
  makeResponse,
  recordingHandler,
} from '../../request-fixtures.ts';
import { backend, echo, makeMatch, makeRoute, makeRule, prefix } from '../../routing/route-fixtures.ts';

const toAdmin: RewriteFilter = {
  type: 'rewrite',
  hostname: 'other',
  path: { kind: 'full', value: '/x/../admin' },
};
const headers = (type: HeaderFilter['type'], set: Readonly<Record<string, string>>): HeaderFilter => ({
  type,
  set: Object.entries(set).map(([name, value]) => ({ name, value })),
  add: [],
  remove: [],
});

/** The layers around routes, with what stands where policies are judged noting what it sees. */
async function sendThrough(rule: Partial<HttpRule>, namespace: string, fields = {}) {
  const routes = createRouteTable([makeRoute({ namespace, rules: [makeRule(rule)] })], echo, 80);
  const judged = recordingHandler();
  const judge: Layer = (next) => async (request, context) => {
    await judged(request, context);
    return next(request, context);
  };
  const sent = recordingHandler(() => makeResponse());
  const handler = compose(
    [
      createConsumerRouteLayer({ random: () => 0.6 }),
      judge,
      createRouteLayer({ random: () => 0 }),
      ruleFiltersLayer,
      backendFiltersLayer,
    ],
    sent,
  );
  const request = makeRequest({ target: '/public?q=1', headers: fields });
  const response = await handler(request, makeContext({ request, routes, clientNamespace: namespace }));
  return { judged: judged.calls[0]?.request, sent: sent.calls[0], response };
}

const placed: readonly [where: string, filters: readonly HttpFilter[], ofBackend: readonly HttpFilter[]][] = [
  ['its rule', [toAdmin], []],
  ['its backend', [], [toAdmin]],
];

for (const [where, filters, ofBackend] of placed) {
  test(`what a consumer route rewrites by ${where} is judged as it is sent`, async (t) => {
    const rule = { filters, backends: [backend('echo', 1, { filters: ofBackend })] };
    const { judged, sent } = await sendThrough(rule, 'elsewhere');
    t.match(judged, { target: '/admin?q=1', authority: 'other' });
    t.match(sent?.request, { target: '/admin?q=1', authority: 'other' });
  });

  test(`what a producer route rewrites by ${where} is judged as the client sent it`, async (t) => {
    const rule = { filters, backends: [backend('echo', 1, { filters: ofBackend })] };
    const { judged, sent } = await sendThrough(rule, 'shop');
    t.match(judged, { target: '/public?q=1', authority: 'echo' });
    t.match(sent?.request, { target: '/x/../admin?q=1', authority: 'other' });
  });
}

test('changes are made once, and answers are changed on their way back', async (t) => {
  const filters: HttpFilter[] = [
    { type: 'rewrite', hostname: undefined, path: { kind: 'prefix', value: '/public/more' } },
    { ...headers('request-headers', {}), add: [{ name: 'x-added', value: 'once' }] },
    headers('response-headers', { 'x-answer': 'changed' }),
  ];
  const matches = [makeMatch({ path: prefix('/public') })];
  const { sent, response } = await sendThrough(
    { matches, filters, backends: [backend('echo')] },
    'elsewhere',
  );
  t.equal(sent?.request.target, '/public/more?q=1');
  t.equal(sent?.request.headers.joined('x-added'), 'once');
  t.equal(response.headers.get('x-answer'), 'changed');
});

test('a consumer route does not say where a request comes from', async (t) => {
  const told = {
    'x-forwarded-for': '10.0.0.9',
    'x-forwarded-host': 'echo',
    'x-forwarded-proto': 'http',
    forwarded: 'for=10.0.0.9',
  };
  const lies = Object.fromEntries(Object.keys(told).map((name) => [name, 'a lie']));
  const remove = Object.keys(told);
  const filters = [headers('request-headers', lies), { ...headers('request-headers', {}), remove }];
  const { judged, sent } = await sendThrough({ filters, backends: [backend('echo')] }, 'elsewhere', told);
  t.match(fieldsOf(judged?.headers ?? fail()), told);
  t.match(fieldsOf(sent?.request.headers ?? fail()), told);
});

test('the backend whose changes were judged is the one that gets the request', async (t) => {
  const moved: HttpFilter = {
    type: 'redirect',
    scheme: undefined,
    hostname: 'moved',
    path: undefined,
    port: undefined,
    status: 302,
  };
  const rule = (first: readonly HttpFilter[]) => ({
    backends: [backend('v1', 1, { filters: first }), backend('v2', 1, { filters: [toAdmin] })],
  });
  // The layers choose differently where they are asked.
  const answered = await sendThrough(rule([moved]), 'elsewhere');
  t.equal(answered.response.status, 302);
  t.equal(answered.sent, undefined);
  const { judged, sent } = await sendThrough(rule([]), 'elsewhere');
  t.equal(judged?.target, sent?.request.target);
  t.match(sent?.context.backend, { service: /v1/ });
});

test('a rewrite to what is no path is refused', async (t) => {
  const filters: HttpFilter[] = [
    { type: 'rewrite', hostname: undefined, path: { kind: 'full', value: '/%00' } },
  ];
  await t.rejects(sendThrough({ filters, backends: [backend('echo')] }, 'elsewhere'), {
    code: 'ERR_WAYPOINT_PATH',
  });
});

function fail(): never {
  throw new Error('expected a request, got none');
}
