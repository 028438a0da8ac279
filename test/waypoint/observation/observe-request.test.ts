import { test } from 'tap';
import { MeshError } from '../../../src/base/index.ts';
import { NOT_KEPT, parseSpiffeId, policyKey, type RequestPolicy } from '../../../src/model/index.ts';
import type { CountsOfOne, Observer } from '../../../src/telemetry/index.ts';
import { askedAttributes } from '../../../src/waypoint/authorization/asked-attributes.ts';
import { WaypointError } from '../../../src/waypoint/errors.ts';
import { observeWaypoint } from '../../../src/waypoint/observation/index.ts';
import { createRequestObserver, failedRequests } from '../../../src/waypoint/observation/observe-request.ts';
import { createEdgeBook } from '../../../src/proxy/index.ts';
import type { RequestRecord } from '../../../src/waypoint/request/request-record.ts';
import { gatewayKey } from '../../../src/model/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { makeWorkload } from '../../model/mesh-fixtures.ts';
import { makeContext, makeRequest } from '../request-fixtures.ts';

const CLIENT = makeWorkload({ name: 'web-1', workloadName: 'web' });
const BACKEND = makeWorkload({ name: 'echo-1', workloadName: 'echo', tunnelProtocol: 'hbone' });

const ASKING: RequestPolicy = {
  key: policyKey('shop', 'asking'),
  namespace: 'shop',
  name: 'asking',
  attachments: [],
  action: { kind: 'allow' },
  dryRun: false,
  rules: [
    {
      from: [],
      to: [],
      when: [
        { subject: 'header', name: 'x-tenant', values: [{ kind: 'presence' }], notValues: [] },
        { subject: 'header', name: ':authority', values: [{ kind: 'presence' }], notValues: [] },
        { subject: 'claim', path: ['groups', 'inner'], values: [{ kind: 'presence' }], notValues: [] },
      ],
    },
  ],
};

/** A policy that looks at one header. */
function asksFor(header: string): RequestPolicy {
  const when = [{ subject: 'header', name: header, values: [{ kind: 'presence' }], notValues: [] }] as const;
  return { ...ASKING, key: policyKey('shop', header), name: header, rules: [{ from: [], to: [], when }] };
}

test('a request is counted under client, service and the pod that answered, with its status, time and retries', async (t) => {
  const { seen, ended } = world();
  ended({ status: 200, durationMs: 12, attempts: 3, upstream: BACKEND, requestBytes: 5, responseBytes: 70 });
  t.same(seen.edges[0], {
    reporter: 'waypoint',
    source: { namespace: 'shop', workload: 'web', identity: 'spiffe://cluster.local/ns/shop/sa/client' },
    destination: {
      namespace: 'shop',
      workload: 'echo',
      identity: parseSpiffeId('spiffe://cluster.local/ns/shop/sa/echo-1').id,
    },
    service: { namespace: 'shop', name: 'echo', port: 80 },
    protocol: 'http',
    mutualTls: true,
    waypoint: 'shop/waypoint',
  });
  t.match(seen.counts, [
    {
      requests: 1,
      status: 200,
      tookMs: 12,
      retries: 2,
      sentBytes: 70,
      receivedBytes: 5,
      refused: 0,
      failed: 0,
      grpcErrors: 0,
    },
  ]);
  t.same(seen.refusals, []);
});

test('a refused request is told once, with the request, the policy and its rule from 1', async (t) => {
  const { seen, ended } = world({ target: '/admin?token=secret', method: 'POST' });
  const error = new WaypointError({
    code: 'ERR_WAYPOINT_DENIED',
    blame: 'downstream',
    message: 'explicitly denied by shop/no-admin (rule 2)',
    hint: 'ask its owner',
    policy: 'shop/no-admin',
    rule: 1,
    reason: 'denied',
  });
  ended({ status: 403, error, policy: 'shop/no-admin', rule: 1 });
  t.match(seen.refusals, [
    {
      kind: 'refused',
      reporter: 'waypoint',
      policy: 'shop/no-admin',
      rule: 2,
      reason: 'denied',
      hint: 'ask its owner',
      dialled: '10.96.0.1:80',
      request: { method: 'POST', host: 'echo', path: '/admin', status: 403 },
    },
  ]);
  t.equal(seen.refusals.length, 1);
  t.match(seen.counts, [{ requests: 1, status: 403, refused: 1, failed: 0 }]);
  t.match(seen.flows, [{ verdict: 'refused', policy: 'shop/no-admin', request: { path: '/admin' } }]);
});

const FAILURES: readonly {
  readonly what: string;
  readonly record: Partial<RequestRecord>;
  readonly counts: CountsOfOne;
  readonly kind: 'refused' | 'failed' | undefined;
}[] = [
  {
    what: 'a 503 of the waypoint is a failure that its status tells already',
    record: { status: 503, error: errorOf('ERR_WAYPOINT_NO_ENDPOINT') },
    counts: { refused: 0, failed: 0, grpcErrors: 0 },
    kind: 'failed',
  },
  {
    what: 'an answer that was cut after a good status is a failure',
    record: { status: 200, error: new MeshError({ code: 'ERR_CUT', blame: 'upstream', message: 'cut' }) },
    counts: { refused: 0, failed: 1, grpcErrors: 0 },
    kind: 'failed',
  },
  {
    what: 'a gRPC call that was refused is no gRPC error too',
    record: { status: 200, grpcStatus: 7, error: errorOf('ERR_WAYPOINT_DENIED') },
    counts: { refused: 1, failed: 0, grpcErrors: 0 },
    kind: 'refused',
  },
  {
    what: "a backend's own error is no refusal",
    record: { status: 200, grpcStatus: 13 },
    counts: { refused: 0, failed: 0, grpcErrors: 1 },
    kind: undefined,
  },
  {
    what: 'what an authorizer answers is a refusal though it is no error',
    record: { status: 401, reason: 'authorizer_denied', policy: 'shop/ask', rule: 0 },
    counts: { refused: 1, failed: 0, grpcErrors: 0 },
    kind: 'refused',
  },
];

for (const { what, record, counts, kind } of FAILURES) {
  test(what, async (t) => {
    const { seen, ended } = world();
    ended(record);
    t.match(seen.counts, [counts]);
    t.same(
      seen.refusals.map((refusal) => refusal.kind),
      kind === undefined ? [] : [kind],
    );
  });
}

test('of headers and claims only those are kept that a policy asks for', async (t) => {
  t.same(askedAttributes([ASKING]), { headers: ['x-tenant'], claims: ['groups'] });
  const { seen, ended } = world(
    { headers: { 'x-tenant': 'blue', authorization: 'Bearer secret', cookie: 'a=b' } },
    [ASKING],
  );
  const claims = { sub: 'ann', groups: { inner: ['x'] }, email: 'ann@example.com' };
  ended({
    status: 200,
    allowedBy: 'shop/asking',
    tokens: [{ issuer: 'issuer', subject: 'ann', audiences: [], claims, policyClaims: claims }],
  });
  t.match(seen.flows, [{ verdict: 'allowed', policy: 'shop/asking' }]);
  t.same(seen.flows[0]?.request, {
    method: 'GET',
    host: 'echo',
    path: '/',
    headers: { 'x-tenant': 'blue' },
    tokenPrincipal: 'issuer/ann',
    claims: { groups: '{"inner":["x"]}' },
    status: 200,
  });
});

test('a long path is cut, and a long header is unknown rather than another', async (t) => {
  const { seen, ended } = world(
    { target: `/${'a'.repeat(400)}?q`, headers: { 'x-tenant': 'b'.repeat(2_000) } },
    [ASKING],
  );
  ended({ status: 200 });
  t.equal(seen.flows[0]?.request?.path.length, 256);
  t.same(
    seen.flows[0]?.request?.headers,
    { 'x-tenant': NOT_KEPT },
    'one that was there is not taken for one that was not',
  );
});

test('a client cannot have kept more of a request than so much, however long it makes host, method and headers', async (t) => {
  const { seen, ended } = world(
    {
      method: 'M'.repeat(10_000),
      authority: 'h'.repeat(60_000),
      headers: { 'x-tenant': 'a'.repeat(1_000), 'x-more': 'b'.repeat(1_000), 'x-most': 'c'.repeat(1_000) },
    },
    [ASKING, asksFor('x-more'), asksFor('x-most')],
  );
  seen.isFollowed = true;
  ended({ status: 403, error: errorOf('ERR_WAYPOINT_DENIED') });
  for (const request of [seen.flows[0]?.request, seen.refusals[0]?.request, seen.requests[0]])
    t.match(request, { method: 'M'.repeat(32), host: 'h'.repeat(261) });
  const headers = Object.values(seen.flows[0]?.request?.headers ?? {});
  t.equal(headers.length, 3);
  t.equal(headers.filter((value) => value === NOT_KEPT).length, 1);
});

test('a view of the request is made for followers alone', async (t) => {
  const { seen, ended } = world();
  ended({ status: 200 });
  t.same(seen.requests, []);
  seen.isFollowed = true;
  ended({
    status: 201,
    trace: { traceId: 'abc', spanId: '1'.repeat(16), parentId: '', sampled: true },
    attempts: 1,
  });
  t.match(seen.requests, [{ proxy: 'waypoint/shop/waypoint-1', status: 201, traceId: 'abc', attempts: 1 }]);
});

test('tokens that are not good are counted for their RequestAuthentication', async (t) => {
  const { seen, ended } = world();
  ended({ status: 401, error: errorOf('ERR_WAYPOINT_TOKEN_INVALID'), policy: 'shop/jwt' });
  ended({ status: 403, error: errorOf('ERR_WAYPOINT_DENIED'), policy: 'shop/no' });
  t.same(seen.hits, ['RequestAuthentication shop/jwt']);
});

test('what a waypoint observes is in its store', async (t) => {
  const clock = createFakeClock();
  const observation = observeWaypoint({
    gateway: gatewayKey('shop', 'waypoint'),
    proxy: 'waypoint/shop/waypoint-1',
    clock,
  });
  const context = makeContext();
  Object.assign(context.record, { status: 200, upstream: BACKEND, durationMs: 4 });
  observation.observeRequest(makeRequest(), context);
  t.match(observation.store.topology({ windowMs: 60_000 }).edges, [
    { from: 'outside/10.0.0.9', to: 'service/shop/echo', protocol: 'http' },
    { from: 'service/shop/echo', to: 'workload/shop/echo', protocol: 'http' },
  ]);
  observation.journal.close();
  t.equal(clock.pending, 0);
});

function errorOf(code: 'ERR_WAYPOINT_DENIED' | 'ERR_WAYPOINT_NO_ENDPOINT' | 'ERR_WAYPOINT_TOKEN_INVALID') {
  return new WaypointError({ code, blame: 'downstream', message: 'for the test' });
}

/** An observer that keeps what it is told of requests that end. */
test('where failures alone are told, only a request that failed or was answered by the waypoint is', async (t) => {
  const told: number[] = [];
  const observe = failedRequests((_request, { record }) => void told.push(record.status));
  for (const record of [
    { status: 200 },
    { status: 403, reason: 'denied' },
    { status: 503, error: new MeshError({ code: 'ERR_X', blame: 'upstream', message: 'x' }) },
  ]) {
    const context = makeContext();
    Object.assign(context.record, record);
    observe(makeRequest(), context);
  }
  t.same(told, [403, 503]);
});

function world(request: Parameters<typeof makeRequest>[0] = {}, policies: readonly RequestPolicy[] = []) {
  const seen = {
    counts: [] as CountsOfOne[],
    edges: [] as Parameters<Observer['count']>[0][],
    refusals: [] as Parameters<Observer['refused']>[0][],
    flows: [] as Parameters<Observer['flow']>[0][],
    requests: [] as object[],
    hits: [] as (string | undefined)[],
    isFollowed: false,
  };
  const observe = createRequestObserver({
    observer: {
      count(edge, counts) {
        seen.edges.push(edge);
        seen.counts.push(counts);
      },
      refused: (refusal) => void seen.refusals.push(refusal),
      flow: (flow) => void seen.flows.push(flow),
      span: () => undefined,
      get isFollowed() {
        return seen.isFollowed;
      },
      connectionOpened: () => undefined,
      connectionClosed: () => undefined,
      requestEnded: (view) => void seen.requests.push(view),
    },
    edges: createEdgeBook(),
    hits: { decided: ({ policy }) => void seen.hits.push(policy) },
    rules: { count: () => undefined, countDefault: () => undefined },
    gateway: 'shop/waypoint',
    proxy: 'waypoint/shop/waypoint-1',
    now: () => 1_000,
  });
  return {
    seen,
    ended(record: Partial<RequestRecord>) {
      const context = makeContext();
      const authorization = { ...context.plan.authorization, asked: askedAttributes(policies) };
      Object.assign(context.record, record);
      observe(makeRequest(request), {
        ...context,
        client: { ...context.client, workload: CLIENT },
        plan: { ...context.plan, authorization },
      });
    },
  };
}
