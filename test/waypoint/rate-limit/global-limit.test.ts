import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import type { RateLimit, SharedCounting, WaypointResource } from '../../../src/model/index.ts';
import { WaypointError } from '../../../src/waypoint/errors.ts';
import { createRateLimiter } from '../../../src/waypoint/rate-limit/rate-limiter.ts';
import { createSharedCounters } from '../../../src/waypoint/rate-limit/shared/create-shared-counters.ts';
import { answerFor } from '../../../src/waypoint/respond.ts';
import { GATEWAY, makeLimit, makeRateLimit, TARGET } from '../admission/admission-fixtures.ts';
import { makeContext, makeRequest } from '../request-fixtures.ts';
import { createRedis, tryConnect } from './redis-process.ts';

interface Waypoint {
  readonly notes: string[];
  apply(...limits: readonly RateLimit[]): void;
  /** The status of the answer to one request. */
  send(headers?: Readonly<Record<string, string>>): Promise<number>;
  until(status: number): Promise<void>;
}

/** One waypoint process as far as limits go, with its own connection to the server. */
function createWaypoint(t: Test, port: number, credentialsDirectory?: string): Waypoint {
  const notes: string[] = [];
  const limiter = createRateLimiter({
    gateway: GATEWAY,
    shared: createSharedCounters({
      credentialsDirectory,
      async connect() {
        const socket = await tryConnect(port);
        if (socket === undefined) throw new Error('connection refused');
        return socket;
      },
    }),
    metrics: {
      limited: (policy, rule) => notes.push(`limited ${policy} ${rule}`),
      unchecked: (policy, outcome) => notes.push(`unchecked ${policy} ${outcome}`),
      overflowed: (policy) => notes.push(`overflowed ${policy}`),
    },
  });
  t.teardown(() => limiter.close());
  let resources: readonly WaypointResource[] = [];
  const waypoint: Waypoint = {
    notes,
    apply(...limits) {
      resources = limits.map((limit) => ({ kind: 'rate-limit', limit }));
      limiter.apply({
        upserts: limits.map((limit) => ({ name: limit.key, resource: { kind: 'rate-limit', limit } })),
        removed: [],
      });
    },
    async send(headers = {}) {
      const { objects } = limiter.compile(TARGET, resources).of({ kind: 'default' });
      try {
        await limiter.admit(objects, makeRequest({ headers }), makeContext());
        return 200;
      } catch (error) {
        if (!(error instanceof WaypointError)) throw error;
        return answerFor(error).status;
      }
    },
    async until(status) {
      for (let round = 0; (await waypoint.send()) !== status; round++) {
        if (round === 1_000) throw new Error(`waited 10 s for ${status}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
  return waypoint;
}

/** Patient enough for a machine that is busy; what is about patience says its own. */
function counting(port: number, over: Partial<SharedCounting> = {}): SharedCounting {
  return {
    server: { kind: 'host', host: '127.0.0.1', port },
    timeoutMs: 5_000,
    failure: 'closed',
    username: undefined,
    passwordFile: undefined,
    ...over,
  };
}

const HOUR_MS = 3_600_000;

function passedOf(statuses: readonly number[]): number {
  return statuses.filter((status) => status === 200).length;
}

test('two waypoints count together, to the request', async (t) => {
  const redis = await createRedis(t);
  await redis.start();
  const limit = makeRateLimit([makeLimit({ requests: 50, intervalMs: HOUR_MS })], {
    shared: counting(redis.port),
  });
  const waypoints = [createWaypoint(t, redis.port), createWaypoint(t, redis.port)];
  for (const waypoint of waypoints) waypoint.apply(limit);
  const statuses = await Promise.all(
    Array.from({ length: 300 }, (_none, index) => waypoints[index % 2]?.send() ?? 0),
  );
  t.equal(passedOf(statuses), 50);
  t.same(new Set(statuses), new Set([200, 429]));
});

test('what comes back does so at the rate of the limit', async (t) => {
  const redis = await createRedis(t);
  await redis.start();
  const waypoint = createWaypoint(t, redis.port);
  waypoint.apply(makeRateLimit([makeLimit({ requests: 100, burst: 10 })], { shared: counting(redis.port) }));
  await waypoint.send();
  const startMs = performance.now();
  let passed = 1;
  while (performance.now() - startMs < 500) passed += passedOf([await waypoint.send()]);
  const elapsedMs = performance.now() - startMs;
  t.ok(passed <= 10 + elapsedMs / 10 + 1, `${passed} in ${elapsedMs} ms`);
  t.ok(passed > 10, `${passed} in ${elapsedMs} ms`);
});

test('a refusal takes nothing, neither of the server’s buckets nor of the waypoint’s own', async (t) => {
  const redis = await createRedis(t);
  await redis.start();
  const waypoint = createWaypoint(t, redis.port);
  const shared = counting(redis.port);
  const per = [{ kind: 'header' as const, name: 'x-key' }];
  waypoint.apply(
    makeRateLimit([makeLimit({ requests: 4, intervalMs: HOUR_MS })], { name: 'local' }),
    makeRateLimit(
      [makeLimit({ requests: 3, intervalMs: HOUR_MS }), makeLimit({ requests: 1, intervalMs: HOUR_MS, per })],
      { name: 'global', shared },
    ),
  );
  const keys = ['a', 'a', 'a', 'b', 'b', 'c', 'd', 'e'];
  const statuses: number[] = [];
  for (const key of keys) statuses.push(await waypoint.send({ 'x-key': key }));
  t.same(statuses, [200, 429, 429, 200, 429, 200, 429, 429]);
  waypoint.apply(makeRateLimit([makeLimit({ requests: 4, intervalMs: HOUR_MS })], { name: 'local' }));
  t.same([await waypoint.send(), await waypoint.send()], [200, 429], 'one of four was left here');
});

test('killed under load: an open limit lets pass, a closed one refuses, and both count again afterwards', async (t) => {
  for (const failure of ['open', 'closed'] as const) {
    const redis = await createRedis(t);
    await redis.start();
    const waypoint = createWaypoint(t, redis.port);
    const shared = counting(redis.port, { failure });
    waypoint.apply(makeRateLimit([makeLimit({ requests: 20, intervalMs: HOUR_MS })], { shared }));
    await waypoint.until(429);
    let goOn = true;
    const statuses = new Set<number>();
    const load = Promise.all(
      Array.from({ length: 16 }, async () => {
        while (goOn) {
          statuses.add(await waypoint.send());
          // Without a server the answer is there at once, and nothing else would get its turn.
          await new Promise((resolve) => setImmediate(resolve));
        }
      }),
    );
    await redis.kill();
    await waypoint.until(failure === 'open' ? 200 : 503);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await redis.start();
    await waypoint.until(429);
    goOn = false;
    await load;
    const without = failure === 'open' ? [200] : [503];
    // The server has forgotten everything: the first twenty pass again.
    t.same(
      [...statuses].filter((status) => status !== 200 && status !== 429),
      failure === 'open' ? [] : without,
    );
    const note = `unchecked shop/a ${failure === 'open' ? 'passed' : 'refused'}`;
    t.ok(waypoint.notes.includes(note), note);
  }
});

test('a server that hangs delays a request by no more than the limit’s patience, and is left', async (t) => {
  const redis = await createRedis(t);
  await redis.start();
  const waypoint = createWaypoint(t, redis.port);
  const shared = counting(redis.port, { timeoutMs: 50, failure: 'open' });
  waypoint.apply(makeRateLimit([makeLimit({ requests: 1, intervalMs: HOUR_MS })], { shared }));
  await waypoint.until(429);
  redis.pause();
  const startMs = performance.now();
  t.equal(await waypoint.send(), 200);
  const waitedMs = performance.now() - startMs;
  t.ok(waitedMs > 40 && waitedMs < 20_000, `${waitedMs} ms`);
  // Long enough for the waypoint to give the connection up and to try others, which hang too.
  for (let round = 0; round < 40; round++) t.equal(await waypoint.send(), 200);
  redis.resume();
  await waypoint.until(429);
});

test('a password is read from the directory of credentials at each connect', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'nodemesh-credentials-'));
  t.teardown(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'redis'), 'wrong\n');
  await writeFile(join(directory, 'mesh'), 'secret2\n');
  const redis = await createRedis(t);
  await redis.start('--requirepass', 'secret');
  const one = makeLimit({ requests: 1, intervalMs: HOUR_MS });
  const waypoint = createWaypoint(t, redis.port, directory);
  waypoint.apply(makeRateLimit([one], { shared: counting(redis.port, { passwordFile: 'redis' }) }));
  t.equal(await waypoint.send(), 503);
  await writeFile(join(directory, 'redis'), 'secret\n');
  await waypoint.until(200);
  t.equal(await waypoint.send(), 429);

  const user = ['ACL', 'SETUSER', 'mesh', 'on', '>secret2', '~nodemesh:rate-limit:*', '+@all'];
  const socket = await tryConnect(redis.port);
  socket?.resume().end(`AUTH secret\r\n${user.join(' ')}\r\n`);
  await once(socket ?? t, 'close');
  waypoint.apply(
    makeRateLimit([one], {
      name: 'acl',
      shared: counting(redis.port, { username: 'mesh', passwordFile: 'mesh' }),
    }),
  );
  await waypoint.until(200);
  await waypoint.until(429);

  const nowhere = createWaypoint(t, redis.port);
  nowhere.apply(makeRateLimit([one], { shared: counting(redis.port, { passwordFile: 'redis' }) }));
  t.equal(await nowhere.send(), 503, 'no directory, no password');
});

test('a policy of another namespace than the Gateway does not get its passwords sent anywhere', async (t) => {
  const received: string[] = [];
  const server = createServer((socket) => {
    socket.on('data', (data) => {
      received.push(data.toString('latin1'));
      socket.destroy();
    });
    socket.on('error', () => undefined);
  });
  t.teardown(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const directory = await mkdtemp(join(tmpdir(), 'nodemesh-credentials-'));
  t.teardown(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'redis'), 'secret\n');
  const waypoint = createWaypoint(t, port, directory);
  waypoint.apply(
    makeRateLimit([makeLimit({ requests: 1 })], {
      namespace: 'elsewhere',
      shared: counting(port, { passwordFile: 'redis' }),
    }),
  );
  t.equal(await waypoint.send(), 503, 'as the policy says for a server that cannot be used');
  t.match(received.join(''), /SCRIPT/);
  t.notMatch(received.join(''), /secret/);
});

test('scripts that the server has forgotten are sent again, and buckets that are full are forgotten', async (t) => {
  const redis = await createRedis(t);
  await redis.start();
  const waypoint = createWaypoint(t, redis.port);
  waypoint.apply(
    makeRateLimit([makeLimit({ requests: 2, intervalMs: 400 })], { shared: counting(redis.port) }),
  );
  t.equal(await waypoint.send(), 200);
  t.match(await redis.command('SCRIPT', 'FLUSH'), /OK/);
  t.equal(await waypoint.send(), 200);
  t.match(await redis.command('DBSIZE'), /:1/);
  t.match(await redis.command('KEYS', '*'), /nodemesh:rate-limit:shop\/a:all\/1:/);
  for (let round = 0; !(await redis.command('DBSIZE')).startsWith(':0'); round++) {
    if (round === 500) throw new Error('the bucket stays for ever');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

test('what is no Redis is found out, and refuses or lets pass like one that is away', async (t) => {
  const answers = [
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    ':1\r\n:2\r\n:3\r\n',
    `$${2 ** 30}\r\n${'x'.repeat(2 ** 21)}`,
  ];
  for (const answer of answers) {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => socket.write(answer));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const waypoint = createWaypoint(t, port);
    waypoint.apply(makeRateLimit([makeLimit()], { shared: counting(port) }));
    for (let round = 0; round < 3; round++) t.equal(await waypoint.send(), 503, answer.slice(0, 10));
    const open = counting(port, { failure: 'open' });
    waypoint.apply(makeRateLimit([makeLimit()], { shared: open }));
    t.equal(await waypoint.send(), 200, answer.slice(0, 10));
    server.close();
  }
});

test('made-up keys fill neither the waypoint nor the server', async (t) => {
  const redis = await createRedis(t);
  await redis.start();
  const limiter = createRateLimiter({
    gateway: GATEWAY,
    maximumKeys: 20,
    shared: createSharedCounters({
      credentialsDirectory: undefined,
      connect: async () => (await tryConnect(redis.port)) ?? Promise.reject(new Error('refused')),
    }),
    metrics: { limited: () => undefined, unchecked: () => undefined, overflowed: () => undefined },
  });
  t.teardown(() => limiter.close());
  const per = [{ kind: 'header' as const, name: 'x-key' }];
  const limit = makeRateLimit([makeLimit({ requests: 1, intervalMs: HOUR_MS, per })], {
    shared: counting(redis.port),
  });
  const resource = { kind: 'rate-limit' as const, limit };
  limiter.apply({ upserts: [{ name: limit.key, resource }], removed: [] });
  const { objects } = limiter.compile(TARGET, [resource]).of({ kind: 'default' });
  let refused = 0;
  for (let index = 0; index < 200; index++) {
    const request = makeRequest({ headers: { 'x-key': `key-${index}` } });
    await limiter.admit(objects, request, makeContext()).catch((error: unknown) => {
      if (!(error instanceof WaypointError && error.policy === 'shop/a')) throw error;
      refused += 1;
    });
  }
  t.equal(refused, 200 - 21);
  t.equal(limiter.keys, 21);
  t.match(await redis.command('DBSIZE'), /:21/);
});
