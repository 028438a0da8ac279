import { test } from 'tap';
import type { HttpRequest } from '../../../src/http/index.ts';
import type { LimitKeyPart, RateLimit, RateLimitRule, WaypointResource } from '../../../src/model/index.ts';
import { parseSpiffeId } from '../../../src/model/index.ts';
import { WaypointError } from '../../../src/waypoint/errors.ts';
import { createRateLimiter, type RateLimiter } from '../../../src/waypoint/rate-limit/rate-limiter.ts';
import type { SharedCounters } from '../../../src/waypoint/rate-limit/shared/shared-counters.ts';
import type { RequestContext } from '../../../src/waypoint/request/request-context.ts';
import { answerFor } from '../../../src/waypoint/respond.ts';
import { ip, makeService } from '../../model/mesh-fixtures.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { ANY_REQUEST, GATEWAY, makeLimit, makeRateLimit, TARGET } from '../admission/admission-fixtures.ts';
import { makeContext, makeRequest } from '../request-fixtures.ts';

/** No limit of these tests is counted in a server. */
const NO_SERVERS: SharedCounters = {
  idOf: () => '',
  take: async () => undefined,
  keepOnly: () => undefined,
  close: async () => undefined,
  destroy: () => undefined,
};

interface World {
  readonly limiter: RateLimiter;
  readonly clock: FakeClock;
  readonly notes: string[];
  apply(...limits: readonly RateLimit[]): void;
  /** Resolves with the status of the answer, and what a client is told of limits. */
  send(
    request?: HttpRequest,
    context?: RequestContext,
  ): Promise<{ status: number; fields: Record<string, string> }>;
  passing(count: number, request?: HttpRequest, context?: RequestContext): Promise<number>;
}

function createWorld(maximumKeys?: number): World {
  const clock = createFakeClock();
  const notes: string[] = [];
  const limiter = createRateLimiter({
    gateway: GATEWAY,
    shared: NO_SERVERS,
    clock,
    maximumKeys,
    metrics: {
      limited: (policy, rule) => notes.push(`limited ${policy} ${rule}`),
      unchecked: (policy, outcome) => notes.push(`unchecked ${policy} ${outcome}`),
      overflowed: (policy) => notes.push(`overflowed ${policy}`),
    },
  });
  let resources: readonly WaypointResource[] = [];
  const world: World = {
    limiter,
    clock,
    notes,
    apply(...limits) {
      resources = limits.map((limit) => ({ kind: 'rate-limit', limit }));
      limiter.apply({
        upserts: limits.map((limit) => ({ name: limit.key, resource: { kind: 'rate-limit', limit } })),
        removed: [],
      });
    },
    async send(request = makeRequest(), context = makeContext()) {
      const { objects } = limiter.compile(TARGET, resources).of({ kind: 'default' });
      try {
        return { status: 200, fields: Object.fromEntries(await limiter.admit(objects, request, context)) };
      } catch (error) {
        if (!(error instanceof WaypointError)) throw error;
        const answer = answerFor(error);
        return { status: answer.status, fields: Object.fromEntries(answer.headers) };
      }
    },
    async passing(count, request, context) {
      let passed = 0;
      for (let index = 0; index < count; index++)
        if ((await world.send(request, context)).status === 200) passed += 1;
      return passed;
    },
  };
  return world;
}

function rule(name: string, over: Partial<RateLimitRule>): RateLimitRule {
  return { name, conditions: [], limits: [], ...over };
}

function clientOf(account: string, namespace = 'shop', address = '10.0.0.9'): RequestContext {
  const context = makeContext();
  const identity = parseSpiffeId(`spiffe://cluster.local/ns/${namespace}/sa/${account}`);
  return { ...context, client: { ...context.client, identity, address: ip(address) } };
}

test('the burst passes at once, then as many as come back', async (t) => {
  const world = createWorld();
  world.apply(makeRateLimit([makeLimit({ requests: 10, burst: 5 })]));
  t.equal(await world.passing(20), 5);
  await world.clock.advance(99);
  t.equal(await world.passing(1), 0);
  await world.clock.advance(1);
  t.equal(await world.passing(2), 1);
  await world.clock.advance(10_000);
  t.equal(await world.passing(20), 5);
});

test('a refusal is 429 with the seconds to wait rounded up, and names policy and rule', async (t) => {
  const world = createWorld();
  const limit = makeRateLimit([makeLimit({ requests: 1, intervalMs: 60_000 })]);
  world.apply({
    ...limit,
    rules: [rule('other', { conditions: [{ ...ANY_REQUEST, method: 'PUT' }] }), ...limit.rules],
  });
  await world.send();
  await world.clock.advance(100);
  t.same(await world.send(), { status: 429, fields: { 'retry-after': '60' } });
  await world.clock.advance(58_950);
  t.same(await world.send(), { status: 429, fields: { 'retry-after': '1' } });
  const { objects } = world.limiter.compile(TARGET, [{ kind: 'rate-limit', limit }]).of({ kind: 'default' });
  await t.rejects(world.limiter.admit(objects, makeRequest(), makeContext()), {
    code: 'ERR_WAYPOINT_RATE_LIMITED',
    policy: 'shop/a',
    rule: 1,
    ruleName: 'all',
    message: /in 1m \(/,
    blame: 'downstream',
  });
  t.equal(world.notes.filter((note) => note === 'limited shop/a all').length, 3);
  await world.clock.advance(1_000);
  t.equal((await world.send()).status, 200);
});

test('the first rule that is for a request counts it, and one without limits lets it pass', async (t) => {
  const world = createWorld();
  const path = (value: string) => [{ ...ANY_REQUEST, path: { kind: 'prefix' as const, value } }];
  world.apply(
    makeRateLimit([], {
      rules: [
        rule('probes', { conditions: path('/health') }),
        rule('pay', { conditions: path('/pay'), limits: [makeLimit({ requests: 1 })] }),
        rule('rest', { limits: [makeLimit({ requests: 3 })] }),
      ],
    }),
  );
  t.equal(await world.passing(10, makeRequest({ target: '/health' })), 10);
  t.equal(await world.passing(10, makeRequest({ target: '/pay/now?x' })), 1);
  t.equal(await world.passing(10, makeRequest({ target: '/payment' })), 3);
  world.apply(
    makeRateLimit([], { rules: [rule('pay', { conditions: path('/pay'), limits: [makeLimit()] })] }),
  );
  t.equal(await world.passing(50, makeRequest({ target: '/' })), 50, 'what no rule is for passes');
});

test('each client has a bucket of its own, by whatever the key is made of', async (t) => {
  const cases: readonly (readonly [LimitKeyPart, HttpRequest, RequestContext][])[] = [
    [
      [{ kind: 'identity' }, makeRequest(), clientOf('a')],
      [{ kind: 'identity' }, makeRequest(), clientOf('b')],
      [{ kind: 'identity' }, makeRequest(), clientOf('a', 'bank')],
    ],
    [
      [{ kind: 'namespace' }, makeRequest(), clientOf('a')],
      [{ kind: 'namespace' }, makeRequest(), clientOf('a', 'bank')],
    ],
    [
      [{ kind: 'address' }, makeRequest(), clientOf('a', 'shop', '10.0.0.1')],
      [{ kind: 'address' }, makeRequest(), clientOf('a', 'shop', '10.0.0.2')],
    ],
    [
      [{ kind: 'service' }, makeRequest(), makeContext()],
      [{ kind: 'service' }, makeRequest(), makeContext({ service: makeService({ name: 'other' }) })],
    ],
    [
      [{ kind: 'method' }, makeRequest(), makeContext()],
      [{ kind: 'method' }, makeRequest({ method: 'POST' }), makeContext()],
    ],
    [
      [{ kind: 'path' }, makeRequest({ target: '/a?x=1' }), makeContext()],
      [{ kind: 'path' }, makeRequest({ target: '/b?x=1' }), makeContext()],
    ],
    [
      [{ kind: 'header', name: 'x-key' }, makeRequest({ headers: { 'X-Key': '1' } }), makeContext()],
      [{ kind: 'header', name: 'x-key' }, makeRequest({ headers: { 'X-Key': '' } }), makeContext()],
      [{ kind: 'header', name: 'x-key' }, makeRequest(), makeContext()],
      [
        { kind: 'header', name: 'x-key' },
        makeRequest({ headers: { 'X-Key': 'k'.repeat(9_000) } }),
        makeContext(),
      ],
    ],
  ];
  for (const clients of cases) {
    const world = createWorld();
    const [first] = clients;
    const per = first === undefined ? [] : [first[0]];
    world.apply(makeRateLimit([makeLimit({ requests: 2, per })]));
    for (const [part, request, context] of clients)
      t.equal(await world.passing(5, request, context), 2, JSON.stringify(part));
    t.equal(world.limiter.keys, clients.length);
  }
  const world = createWorld();
  world.apply(makeRateLimit([makeLimit({ requests: 2, per: [{ kind: 'path' }] })]));
  t.equal(await world.passing(2, makeRequest({ target: '/a?x=1' })), 2);
  t.equal(await world.passing(2, makeRequest({ target: '/a?x=2' })), 0, 'a query does not make another path');
});

test('keys made of several parts are not mixed up', async (t) => {
  const world = createWorld();
  const per: LimitKeyPart[] = [
    { kind: 'header', name: 'x-a' },
    { kind: 'header', name: 'x-b' },
  ];
  world.apply(makeRateLimit([makeLimit({ requests: 1, per })]));
  const send = (headers: Record<string, string>) => world.passing(1, makeRequest({ headers }));
  t.equal(await send({ 'x-a': '1', 'x-b': '2' }), 1);
  t.equal(await send({ 'x-a': '1=2' }), 1);
  t.equal(await send({ 'x-b': '1=2' }), 1);
  t.equal(await send({ 'x-a': '12', 'x-b': '' }), 1);
  t.equal(await send({ 'x-a': '1', 'x-b': '2' }), 0);
});

test('all limits must have room, and a refused request counts nowhere', async (t) => {
  const world = createWorld();
  const tight = makeLimit({ requests: 2, per: [{ kind: 'identity' }] });
  world.apply(makeRateLimit([makeLimit({ requests: 5 }), tight]));
  t.equal(await world.passing(10, makeRequest(), clientOf('a')), 2);
  t.equal(await world.passing(10, makeRequest(), clientOf('b')), 2);
  t.equal(
    await world.passing(10, makeRequest(), clientOf('c')),
    1,
    'eight refusals took nothing of the five',
  );
});

test('of several objects all must have room', async (t) => {
  const world = createWorld();
  world.apply(
    makeRateLimit([makeLimit({ requests: 4 })], { name: 'wide' }),
    makeRateLimit([makeLimit({ requests: 3 })], { name: 'narrow' }),
  );
  t.equal(await world.passing(10), 3);
  t.same(new Set(world.notes), new Set(['limited shop/narrow all']));
});

test('counts outlive changes of anything but their limit', async (t) => {
  const world = createWorld();
  const limit = makeRateLimit([makeLimit({ requests: 3 })]);
  world.apply(limit);
  t.equal(await world.passing(2), 2);
  world.apply({ ...limit, createdMs: 5, rules: [...limit.rules, rule('more', {})] });
  t.equal(await world.passing(5), 1);
  world.apply({ ...limit, rules: [rule('all', { limits: [makeLimit({ requests: 4 })] })] });
  t.equal(await world.passing(5), 4, 'a new limit begins anew');
  world.limiter.apply({ upserts: [], removed: [limit.key] });
  t.equal(await world.passing(5), 5);
  t.equal(world.limiter.keys, 0);
});

test('made-up keys share a bucket when the table is full, and no bucket in use is forgotten', async (t) => {
  const world = createWorld(3);
  const limit = makeLimit({ requests: 1, intervalMs: 60_000, per: [{ kind: 'header', name: 'x-key' }] });
  world.apply(makeRateLimit([limit]));
  let passed = 0;
  for (let index = 0; index < 1_000; index++)
    passed += await world.passing(1, makeRequest({ headers: { 'x-key': `key-${index}` } }));
  t.equal(passed, 4, 'three with a key of their own, one for all others');
  t.equal(world.limiter.keys, 4);
  t.equal(
    await world.passing(1, makeRequest({ headers: { 'x-key': 'key-0' } })),
    0,
    'the first stays marked',
  );
  t.equal(world.notes.filter((note) => note === 'overflowed shop/a').length, 997);
  await world.clock.advance(60_000);
  t.equal(await world.passing(1, makeRequest({ headers: { 'x-key': 'fresh' } })), 1);
});

test('clients are told where they stand when the object says so', async (t) => {
  const world = createWorld();
  const limits = [
    makeLimit({ requests: 10, intervalMs: 20_000 }),
    makeLimit({ requests: 2, intervalMs: 1_500, burst: 3 }),
  ];
  world.apply(makeRateLimit(limits, { announced: true }));
  t.same(await world.send(), {
    status: 200,
    fields: {
      'ratelimit-policy': '"a/all/1";q=10;w=20, "a/all/2";q=3;w=3',
      ratelimit: '"a/all/1";r=9;t=2, "a/all/2";r=2;t=1',
    },
  });
  await world.passing(2);
  t.same(await world.send(), {
    status: 429,
    fields: {
      'retry-after': '1',
      'ratelimit-policy': '"a/all/1";q=10;w=20, "a/all/2";q=3;w=3',
      ratelimit: '"a/all/1";r=7;t=6, "a/all/2";r=0;t=3',
    },
  });
});
