import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { Server, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'tap';
import { systemClock } from '../../../../src/base/index.ts';
import type { HttpBody, HttpResponse } from '../../../../src/http/index.ts';
import type { MirrorFilter, RetrySettings, TrafficSettings } from '../../../../src/model/index.ts';
import { createBalancingLeaf } from '../../../../src/waypoint/layers/resilience/balancing.ts';
import { createCircuitBreakingLayer } from '../../../../src/waypoint/layers/resilience/circuit-breaking.ts';
import { createRetryLayer, type RetryOutcome } from '../../../../src/waypoint/layers/resilience/retry.ts';
import { createTimeoutLayer } from '../../../../src/waypoint/layers/resilience/timeout.ts';
import {
  createMirrorLayer,
  type MirrorResult,
} from '../../../../src/waypoint/layers/routing/mirror/mirror.ts';
import { createRouteLayer } from '../../../../src/waypoint/layers/routing/route.ts';
import { compose } from '../../../../src/waypoint/request/layer.ts';
import { createRouteTable } from '../../../../src/waypoint/routing/route-table.ts';
import { DEFAULT_TRAFFIC_SETTINGS } from '../../../../src/waypoint/traffic/default-settings.ts';
import { keyOf } from '../../../model/mesh-fixtures.ts';
import { makeContext, makeRequest } from '../../request-fixtures.ts';
import { makeRoute, makeRule } from '../../routing/route-fixtures.ts';
import { seededRandom } from '../../support/peers.ts';
import { type UpstreamWorld, type WorldOptions, withUpstreams } from '../../support/upstream-world.ts';

// Retries, timeouts and mirrors over real servers and connections: what the layers say of bodies and cuts must be what happens.

type Ask = NonNullable<Parameters<typeof makeRequest>[0]>;

interface Gateway {
  readonly world: UpstreamWorld;
  readonly retries: readonly RetryOutcome[];
  readonly copies: readonly MirrorResult[];
  send(ask?: Ask): Promise<{ readonly status: number; readonly body: Buffer }>;
}

interface Setting extends WorldOptions {
  readonly retry?: Partial<RetrySettings>;
  readonly budget?: Partial<TrafficSettings['retryBudget']>;
  readonly requestMs?: number;
  readonly isMirrored?: boolean;
}

async function withGateway(setting: Setting, run: (gateway: Gateway) => Promise<void>): Promise<void> {
  const { retry = {}, budget = {}, requestMs = 0, isMirrored = false, ...options } = setting;
  const base = DEFAULT_TRAFFIC_SETTINGS;
  const settings: TrafficSettings = {
    ...base,
    retry: { ...base.retry, backoffMs: 1, maximumBackoffMs: 5, ...retry },
    retryBudget: { ...base.retryBudget, ...budget },
    timeouts: { ...base.timeouts, requestMs },
  };
  await withUpstreams({ ...options, settings }, async (world) => {
    const clock = systemClock;
    const retries: RetryOutcome[] = [];
    const copies: MirrorResult[] = [];
    const { service, upstreams } = world;
    const backend = { kind: 'service', service: keyOf(service), port: 80 } as const;
    const leaf = createBalancingLeaf(upstreams);
    const circuitBreaking = createCircuitBreakingLayer(upstreams);
    const handler = compose(
      [
        createRouteLayer(),
        createMirrorLayer({
          clock,
          send: compose([circuitBreaking], leaf),
          onCopy: (result) => copies.push(result),
        }),
        createTimeoutLayer({ clock }),
        createRetryLayer({ clock, onRetry: (outcome) => retries.push(outcome) }),
        circuitBreaking,
      ],
      leaf,
    );
    const mirror: MirrorFilter = { type: 'mirror', backend, numerator: 1, denominator: 1 };
    const rule = makeRule({
      backends: [{ weight: 1, target: backend, filters: [] }],
      filters: isMirrored ? [mirror] : [],
    });
    const routes = createRouteTable([makeRoute({ service, rules: [rule] })], service, 80);
    await run({
      world,
      retries,
      copies,
      async send(ask = {}) {
        const request = makeRequest({ authority: 'cart', ...ask });
        const over = { startedMs: clock.monotonic() };
        return readAnswer(await handler(request, makeContext({ request, routes, service, settings }, over)));
      },
    });
  });
}

async function readAnswer({ status, body }: HttpResponse): Promise<{ status: number; body: Buffer }> {
  return { status, body: body.stream === undefined ? Buffer.alloc(0) : await buffer(body.stream) };
}

/** A server that answers with the body it got, unless `act` does something else. */
function echo(act: (request: IncomingMessage, response: ServerResponse, body: Buffer) => boolean): Server {
  return createHttpServer(async (request, response) => {
    const body = await buffer(request);
    if (!act(request, response, body)) response.end(body);
  });
}

const cut = (request: IncomingMessage): boolean => {
  request.socket.destroy();
  return true;
};

function ignore(): void {
  // The server's own end of what it refused.
}

function slowBody(bytes: Buffer): HttpBody {
  const pieces = Array.from({ length: Math.ceil(bytes.length / 1_000) }, (_, index) =>
    bytes.subarray(index * 1_000, index * 1_000 + 1_000),
  );
  return {
    stream: Readable.from(pieces, { objectMode: false }),
    length: undefined,
    trailers: () => undefined,
  };
}

test('a body arrives whole at the server that takes it, after others have broken off in its middle', async (t) => {
  await withGateway({ retry: { attempts: 3 } }, async ({ world, retries, send }) => {
    let broken = 0;
    const breaker = createHttpServer((request) => {
      request.once('data', () => {
        broken += 1;
        request.socket.destroy();
      });
    });
    await world.addEndpoint('breaks', breaker);
    await world.addEndpoint(
      'works',
      echo(() => false),
    );
    for (let round = 0; round < 20; round++) {
      const bytes = randomBytes(40_000);
      const { status, body } = await send({ method: 'PUT', body: slowBody(bytes) });
      t.equal(status, 200);
      t.ok(body.equals(bytes), 'what was sent');
    }
    t.ok(broken > 0, `${broken} tries were broken off`);
    t.equal(retries.filter((outcome) => outcome === 'made').length, broken);
  });
});

test('what may not happen twice is not sent twice', async (t) => {
  await withGateway({}, async ({ world, send }) => {
    let got = 0;
    const counting = (): Server =>
      echo((request) => {
        got += 1;
        return cut(request);
      });
    await world.addEndpoint('one', counting());
    await world.addEndpoint('two', counting());
    await t.rejects(send({ method: 'POST', body: slowBody(Buffer.from('order')) }), {
      code: 'ERR_WAYPOINT_UPSTREAM_RESET',
    });
    t.equal(got, 1);
  });
});

test('a POST that no server has seen is sent to another', async (t) => {
  await withGateway({}, async ({ world, send }) => {
    const closed = echo(() => false);
    await world.addEndpoint('gone', closed);
    closed.close();
    await world.addEndpoint(
      'works',
      echo(() => false),
    );
    for (let round = 0; round < 10; round++) {
      const { status, body } = await send({ method: 'POST', body: slowBody(Buffer.from('order')) });
      t.equal(status, 200);
      t.equal(body.toString(), 'order');
    }
  });
});

test('a stream that HTTP/2 refused is opened elsewhere, also for a POST', async (t) => {
  await withGateway({ protocol: 'http2' }, async ({ world, retries, send }) => {
    const refusing = createHttp2Server();
    refusing.on('stream', (stream) => stream.on('error', ignore).close(7));
    const working = createHttp2Server();
    working.on('stream', (stream) => {
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
    });
    await world.addEndpoint('refuses', refusing);
    await world.addEndpoint('works', working);
    for (let round = 0; round < 10; round++) {
      const { status, body } = await send({ method: 'POST', body: slowBody(Buffer.from('order')) });
      t.equal(status, 200);
      t.equal(body.toString(), 'order');
    }
    t.ok(retries.length > 0);
  });
});

test('an answer that comes too late is a timeout, and its connection is let go', async (t) => {
  await withGateway({ requestMs: 100 }, async ({ world, send }) => {
    const closed = Promise.withResolvers<void>();
    await world.addEndpoint(
      'slow',
      createHttpServer((request) => request.socket.once('close', () => closed.resolve())),
    );
    await t.rejects(send(), { code: 'ERR_WAYPOINT_REQUEST_TIMEOUT' });
    await closed.promise;
  });
});

test('an answer that stops in its middle is cut with the reason', async (t) => {
  await withGateway({ requestMs: 100 }, async ({ world, send }) => {
    await world.addEndpoint(
      'stalls',
      createHttpServer((_request, response) => {
        response.writeHead(200);
        response.write('half');
      }),
    );
    await t.rejects(send(), { code: 'ERR_WAYPOINT_REQUEST_TIMEOUT' });
  });
});

test('mirrors get what the server gets', async (t) => {
  const seen: Buffer[] = [];
  await withGateway({ isMirrored: true }, async ({ world, copies, send }) => {
    const noting = (): Server =>
      echo((_request, _response, body) => {
        seen.push(body);
        return false;
      });
    await world.addEndpoint('one', noting());
    const bytes = randomBytes(30_000);
    const { body } = await send({ method: 'POST', body: slowBody(bytes) });
    t.ok(body.equals(bytes));
    while (copies.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    t.same(copies, ['answered']);
    t.equal(seen.length, 2);
    for (const got of seen) t.ok(got.equals(bytes));
  });
});

test('while servers die, refuse, reset and fail, clients that read see nothing of it', async (t) => {
  const random = seededRandom(7);
  await withGateway({ random: seededRandom(8) }, async ({ world, retries, send }) => {
    const sockets = new Map<string, Set<Socket>>();
    const start = (name: string, act: Parameters<typeof echo>[0]): Promise<unknown> => {
      const server = echo(act);
      const open = new Set<Socket>();
      sockets.set(name, open);
      server.on('connection', (socket) => {
        open.add(socket);
        socket.once('close', () => open.delete(socket));
      });
      return world.addEndpoint(name, server).then(() => server);
    };
    const fails = (_request: IncomingMessage, response: ServerResponse): boolean => {
      if (random() > 0.1) return false;
      response.writeHead(503).end('busy');
      return true;
    };
    const resets = (request: IncomingMessage): boolean => random() < 0.1 && cut(request);
    const dying = (await start('dying', () => false)) as Server;
    await start('fails', fails);
    await start('resets', resets);
    await start('works', () => false);
    const statuses: unknown[] = [];
    const client = async (requests: number): Promise<void> => {
      for (let count = 0; count < requests; count++)
        statuses.push(
          await send().then(
            ({ status }) => status,
            (error: Error) => error.message,
          ),
        );
    };
    const clients = Promise.all(Array.from({ length: 8 }, () => client(100)));
    while (statuses.length < 200) await new Promise((resolve) => setTimeout(resolve, 5));
    dying.close();
    for (const socket of sockets.get('dying') ?? []) socket.destroy();
    await clients;
    t.same(
      statuses.filter((status) => status !== 200),
      [],
    );
    const made = retries.filter((outcome) => outcome === 'made').length;
    t.ok(made > 0 && made <= statuses.length / 5, `${made} retries for ${statuses.length} requests`);
  });
});
