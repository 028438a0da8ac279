import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { test } from 'tap';
import type { TrafficSettings } from '../../../src/model/index.ts';
import { WaypointError } from '../../../src/waypoint/errors.ts';
import { DEFAULT_TRAFFIC_SETTINGS } from '../../../src/waypoint/traffic/default-settings.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { keyOf } from '../../model/mesh-fixtures.ts';
import { withUpstreams } from '../support/upstream-world.ts';

const { limits, outliers, connections } = DEFAULT_TRAFFIC_SETTINGS;

test('a service without endpoints is a 503 that says why, and may be tried again', async (t) => {
  await withUpstreams({}, async (world) => {
    await t.rejects(world.get(), {
      code: 'ERR_WAYPOINT_NO_ENDPOINT',
      message: /service shop\/cart has no endpoint/,
      reason: 'NO_ENDPOINT',
      retryable: true,
    });
    await world.addEndpoint('cart-1', named('a'), { status: 'unhealthy' });
    await t.rejects(world.get(), { message: /1 endpoint, none of them ready/ });
  });
});

test('a service that is not in the mesh is one too', async (t) => {
  await withUpstreams({}, async (world) => {
    world.view.apply({ removedAddresses: [keyOf(world.service)] });
    await t.rejects(world.get(), { code: 'ERR_WAYPOINT_NO_ENDPOINT', reason: 'UNKNOWN_BACKEND' });
    t.strictSame(world.upstreams.dump(), []);
  });
});

test('an endpoint that has failed the request is chosen only when there is no other', async (t) => {
  await withUpstreams({}, async (world) => {
    const first = await world.addEndpoint('cart-1', named('a'));
    const second = await world.addEndpoint('cart-2', named('b'));
    const without = (...uids: (typeof first.uid)[]) => world.get({ context: { excluded: new Set(uids) } });
    for (let round = 0; round < 10; round++) t.match(await without(first.uid), { text: 'b' });
    t.match(await without(first.uid, second.uid), { status: 200 });
  });
});

test('a session stays with its endpoint while that may be chosen', async (t) => {
  await withUpstreams({}, async (world) => {
    const first = await world.addEndpoint('cart-1', named('a'));
    await world.addEndpoint('cart-2', named('b'));
    for (let round = 0; round < 10; round++)
      t.match(await world.get({ context: { stickTo: first.uid } }), { text: 'a' });
    t.match(await world.get({ context: { stickTo: first.uid, excluded: new Set([first.uid]) } }), {
      text: 'b',
    });
    world.removeEndpoint(first);
    t.match(await world.get({ context: { stickTo: first.uid } }), { text: 'b' });
  });
});

test('a client without the cookie that its service is balanced by gets one, and keeps its endpoint', async (t) => {
  const loadBalancer: TrafficSettings['loadBalancer'] = {
    type: 'consistent-hash',
    key: {
      kind: 'cookie',
      name: 'cart',
      path: '/',
      ttlMs: 60_000,
      attributes: [
        { name: 'SameSite', value: 'Lax' },
        { name: 'Secure', value: '' },
      ],
    },
    table: { kind: 'maglev', size: 1_021 },
  };
  await withUpstreams({ settings: { loadBalancer } }, async (world) => {
    for (const name of ['a', 'b', 'c']) await world.addEndpoint(`cart-${name}`, named(name));
    const response = await world.send();
    const [by] = (await response.body.stream?.toArray()) ?? [];
    const cookie = response.headers.get('set-cookie') ?? '';
    t.match(cookie, /^cart=[\w-]{16}; Path=\/; Max-Age=60; HttpOnly; SameSite=Lax; Secure$/);
    const [pair = ''] = cookie.split(';');
    for (let round = 0; round < 10; round++) {
      const again = await world.send({ request: { headers: { cookie: `other=1; ${pair}` } } });
      t.equal(String((await again.body.stream?.toArray())?.[0]), String(by));
      t.equal(again.headers.has('set-cookie'), false);
    }
  });
});

test('an endpoint that cannot be reached is left out after some failures, and comes back', async (t) => {
  const clock = createFakeClock();
  const events: string[] = [];
  const note = (name: string) => (event: { readonly endpoint: { readonly name: string } }) =>
    events.push(`${name} ${event.endpoint.name}`);
  await withUpstreams(
    {
      clock,
      settings: { outliers: { ...outliers, jitterPercent: 0 } },
      events: { ejected: note('ejected'), returned: note('returned'), connectFailed: note('failed') },
    },
    async (world) => {
      await world.addEndpoint('cart-1', named('a'));
      const dead = named('b');
      await world.addEndpoint('cart-2', dead);
      await new Promise((resolve) => dead.close(resolve));
      const outcomes = new Map<string, number>();
      for (let round = 0; round < 100; round++) {
        const outcome = await world.get().then(
          ({ text }) => text,
          (error: { code: string; retryable: boolean }) => `${error.code} ${error.retryable}`,
        );
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
      t.strictSame(Object.fromEntries(outcomes), { 'ERR_WAYPOINT_CONNECT_FAILED true': 5, a: 95 });
      t.strictSame(events, [...Array.from({ length: 5 }, () => 'failed cart-2'), 'ejected cart-2']);
      t.match(world.upstreams.dump()[0]?.endpoints, [
        { name: 'cart-1', health: 'healthy' },
        { name: 'cart-2', health: 'consecutive-gateway-errors', backInMs: 10_000, ejections: 1, failures: 5 },
      ]);
      await clock.advance(10_000);
      t.equal(events.at(-1), 'returned cart-2');
      t.match(world.upstreams.dump()[0]?.endpoints, [{}, { health: 'healthy', backInMs: 0 }]);
    },
  );
});

test('when too few are left, all are asked again', async (t) => {
  const settings = { outliers: { ...outliers, maximumEjectedPercent: 100 }, panicThresholdPercent: 50 };
  await withUpstreams({ settings }, async (world) => {
    for (const name of ['cart-1', 'cart-2', 'cart-3']) {
      const server = named(name);
      await world.addEndpoint(name, server);
      await new Promise((resolve) => server.close(resolve));
    }
    for (let round = 0; round < 40; round++) await t.rejects(world.get());
    const dump = world.upstreams.dump()[0]?.endpoints ?? [];
    t.ok(dump.filter(({ health }) => health !== 'healthy').length >= 2);
    t.ok(
      dump.every(({ requests }) => requests > 5),
      'those that were left out are asked too',
    );
  });
});

test('slow answers count as failures of the endpoint when the request’s time is up, a client’s leaving does not', async (t) => {
  await withUpstreams({}, async (world) => {
    await world.addEndpoint('cart-1', createServer());
    const timeout = new WaypointError({
      code: 'ERR_WAYPOINT_TRY_TIMEOUT',
      blame: 'upstream',
      message: 'too slow',
    });
    for (const [reason, failures] of [
      [timeout, 1],
      [new Error('gone'), 1],
    ] as const) {
      const controller = new AbortController();
      const answer = world.send({ context: { signal: controller.signal } });
      while (world.upstreams.dump()[0]?.connections !== 1) await tick();
      controller.abort(reason);
      await t.rejects(answer);
      t.match(world.upstreams.dump()[0]?.endpoints, [{ failures }]);
    }
  });
});

test('nonsense instead of an answer is a 502, a cut one a 503', async (t) => {
  await withUpstreams({}, async (world) => {
    const answers = ['HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n', 'HTTP/1.1 200 O'];
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(answers.shift() ?? ''));
    });
    await world.addEndpoint('cart-1', server);
    await t.rejects(world.get(), { code: 'ERR_WAYPOINT_BAD_RESPONSE', blame: 'upstream' });
    await t.rejects(world.get(), { code: 'ERR_WAYPOINT_UPSTREAM_RESET', blame: 'upstream' });
  });
});

test('an answer that is cut counts against its endpoint', async (t) => {
  await withUpstreams({}, async (world) => {
    const server = createServer((_request, response) => {
      response.write('part');
      setTimeout(() => response.destroy(), 5);
    });
    await world.addEndpoint('cart-1', server);
    await t.rejects(world.get());
    t.match(world.upstreams.dump(), [{ activeRequests: 0, endpoints: [{ failures: 1 }] }]);
  });
});

test('no more connections than allowed: others’ idle ones make room, and then requests wait', async (t) => {
  const settings = { limits: { ...limits, maximumConnections: 1, maximumPendingMs: 2_000 } };
  await withUpstreams({ tunnelled: true, settings }, async (world) => {
    const sockets = new Set<Socket>();
    const server = named('a', 10);
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    await world.addEndpoint('cart-1', server);
    await world.get({ clientAddress: '10.0.0.1' });
    await world.get({ clientAddress: '10.0.0.2' });
    t.equal(world.dials.length, 2, 'the idle connection of the first client was closed for the second');
    const answers = ['10.0.0.1', '10.0.0.2', '10.0.0.2', '10.0.0.3'].map((clientAddress) =>
      world.get({ clientAddress }),
    );
    await tick();
    t.match(world.upstreams.dump(), [{ connections: 1, pendingRequests: 3 }]);
    for (const answer of answers) t.match(await answer, { status: 200 });
    t.match(world.upstreams.dump(), [{ connections: 1, pendingRequests: 0, activeRequests: 0 }]);
  });
});

test('a pod that goes gets nothing new, and what runs on it ends in peace', async (t) => {
  await withUpstreams({}, async (world) => {
    const server = named('a', 50);
    const first = await world.addEndpoint('cart-1', server);
    const asked = once(server, 'request');
    const running = world.get();
    await asked;
    await world.addEndpoint('cart-2', named('b'));
    world.view.apply({ upsertWorkloads: [{ ...first, status: 'unhealthy' }] });
    for (let round = 0; round < 10; round++) t.match(await world.get(), { text: 'b' });
    t.match(await running, { status: 200, text: 'a' });
    t.match(world.upstreams.dump(), [{ activeRequests: 0, endpoints: [{ name: 'cart-2' }] }]);
  });
});

test('what was learned outlives a change of configuration, and goes with the service', async (t) => {
  await withUpstreams({}, async (world) => {
    const first = await world.addEndpoint('cart-1', named('a'));
    await world.get();
    // Another policy, another label of the pod, another endpoint.
    world.settings = {
      ...world.settings,
      loadBalancer: { type: 'round-robin' },
      connections: { ...connections },
    };
    world.view.apply({ upsertWorkloads: [{ ...first, canonicalRevision: 'v2' }] });
    await world.addEndpoint('cart-2', named('b'));
    t.match(world.upstreams.dump()[0]?.endpoints, [
      { name: 'cart-1', requests: 1, connections: 1 },
      { name: 'cart-2', requests: 0 },
    ]);
    world.view.apply({ removedAddresses: [keyOf(world.service)] });
    t.strictSame(world.upstreams.dump(), []);
  });
});

test('a pod that comes back under another address is reached there, not over the old connection', async (t) => {
  await withUpstreams({}, async (world) => {
    const first = await world.addEndpoint('cart-1', named('old'));
    t.match(await world.get(), { text: 'old' });
    await world.addEndpoint('cart-1', named('new'), { uid: first.uid });
    t.match(await world.get(), { text: 'new' });
    t.match(world.upstreams.dump(), [{ endpoints: [{ requests: 2, connections: 1 }] }]);
  });
});

test('near endpoints first, as the policy says, and far ones when they are out', async (t) => {
  const settings: Partial<TrafficSettings> = {
    locality: { mode: 'failover', scopes: ['node'] },
    outliers: { ...outliers, consecutive5xxErrors: 1 },
  };
  await withUpstreams({ settings }, async (world) => {
    // The waypoint itself is nowhere: its node has no name.
    let status = 200;
    const near = createServer((_request, response) => response.writeHead(status).end('near'));
    await world.addEndpoint('cart-1', near, { node: '' });
    await world.addEndpoint('cart-2', named('far'), { node: 'n2' });
    for (let round = 0; round < 10; round++) t.match(await world.get(), { text: 'near' });
    status = 500;
    t.match(await world.get(), { text: 'near' });
    t.match(await world.get(), { text: 'far' });
    world.settings = { ...world.settings, locality: { mode: 'strict', scopes: ['zone'] } };
    await t.rejects(world.get(), { code: 'ERR_WAYPOINT_NO_ENDPOINT' });
  });
});

test('a pod that was dialled by its own address gets the request itself', async (t) => {
  await withUpstreams({ protocol: 'http1' }, async (world) => {
    const workload = await world.addEndpoint('cart-1', named('a'));
    await world.addEndpoint('cart-2', named('b'));
    const [mapping] = workload.services.get(keyOf(world.service)) ?? [];
    const dialled = {
      kind: 'workload' as const,
      workload,
      service: world.service,
      address: workload.addresses[0] ?? ('' as never),
      port: mapping?.targetPort ?? 0,
    };
    for (let round = 0; round < 5; round++)
      t.match(await world.get({ context: { dialled, backend: undefined } }), { text: 'a', by: 'cart-1' });
    t.match(world.upstreams.dump(), [{ backend: /^pod shop\/cart-1:\d+$/, endpoints: [{ requests: 5 }] }]);
  });
});

test('a thousand requests of a hundred clients leave nothing behind but what is kept on purpose', async (t) => {
  const settings = { connections: { ...connections, idleMs: 50 } };
  await withUpstreams({ tunnelled: true, settings }, async (world) => {
    await world.addEndpoint('cart-1', named('a'));
    await world.addEndpoint('cart-2', named('b'));
    const clients = Array.from({ length: 100 }, (_, index) => `10.0.1.${index + 1}`);
    for (let round = 0; round < 10; round++)
      await Promise.all(clients.map((clientAddress) => world.get({ clientAddress })));
    t.ok((world.upstreams.dump()[0]?.connections ?? 0) <= 100, 'never more idle ones than the process keeps');
    while (world.upstreams.dump()[0]?.connections !== 0) await tick();
    t.match(world.upstreams.dump(), [
      { activeRequests: 0, pendingRequests: 0, endpoints: [{ activeRequests: 0 }, { activeRequests: 0 }] },
    ]);
  });
});

function named(text: string, delayMs = 0): Server {
  return createServer((request, response) => {
    request.resume();
    setTimeout(() => response.end(text), delayMs);
  });
}

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

test('that the consumer of a service does not wait long leaves none of its endpoints out', async (t) => {
  const ejected: string[] = [];
  const events = {
    ejected: ({ endpoint }: { readonly endpoint: { readonly name: string } }) => ejected.push(endpoint.name),
  };
  await withUpstreams({ events }, async (world) => {
    await world.addEndpoint(
      'a',
      createServer(() => undefined),
    );
    const giveUp = async (consumer: { readonly backend: undefined } | undefined): Promise<void> => {
      const controller = new AbortController();
      const code = 'ERR_WAYPOINT_TRY_TIMEOUT';
      const late = new WaypointError({ code, blame: 'upstream', message: 'too late' });
      setTimeout(() => controller.abort(late), 5);
      await t.rejects(world.send({ context: { signal: controller.signal, consumer } }), { code });
    };
    for (let round = 0; round < 10; round++) await giveUp({ backend: undefined });
    t.same(ejected, []);
    for (let round = 0; round < 5; round++) await giveUp(undefined);
    t.same(ejected, ['a']);
  });
});
