import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { Server } from 'node:net';
import { test } from 'tap';
import type { Workload } from '../../../src/model/index.ts';
import { DEFAULT_TRAFFIC_SETTINGS } from '../../../src/waypoint/traffic/default-settings.ts';
import { bodyOf } from '../request-fixtures.ts';
import { seededRandom } from '../support/peers.ts';
import { type UpstreamWorld, withUpstreams } from '../support/upstream-world.ts';

/** Whatever goes wrong, in whatever order: in the end nothing is counted that is not there. */
for (const protocol of ['http1', 'http2'] as const) {
  test(`${protocol}: a storm of aborts, cuts, departures and limits leaves nothing behind`, async (t) => {
    const random = seededRandom(protocol.length * 7_919);
    const settings = {
      limits: {
        ...DEFAULT_TRAFFIC_SETTINGS.limits,
        maximumConnections: 12,
        maximumActiveRequests: 20,
        maximumPendingRequests: 30,
        maximumPendingMs: 200,
      },
      connections: { ...DEFAULT_TRAFFIC_SETTINGS.connections, idleMs: 100, maximumConcurrentStreams: 4 },
      outliers: { ...DEFAULT_TRAFFIC_SETTINGS.outliers, baseEjectionMs: 20 },
    };
    await withUpstreams({ protocol, tunnelled: true, settings, random }, async (world) => {
      const endpoints: Workload[] = [];
      const join = async (): Promise<void> => {
        const name = `cart-${endpoints.length + Math.floor(random() * 1_000_000)}`;
        endpoints.push(await world.addEndpoint(name, stormyServer(protocol, random)));
      };
      for (let index = 0; index < 4; index++) await join();
      const outcomes = new Map<string, number>();
      const note = (outcome: string): void => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      const running = new Set<Promise<void>>();
      for (let round = 0; round < 1_500; round++) {
        const request = storm(world, random, note).finally(() => running.delete(request));
        running.add(request);
        if (round % 10 === 0) await new Promise((resolve) => setTimeout(resolve, random() * 10));
        if (round % 100 === 50) {
          const [leaving] = endpoints.splice(Math.floor(random() * endpoints.length), 1);
          if (leaving !== undefined) world.removeEndpoint(leaving);
          await join();
        }
      }
      await Promise.all(running);
      t.ok((outcomes.get('answered') ?? 0) > 200, JSON.stringify(Object.fromEntries(outcomes)));
      // An answer that was thrown away is over a moment later.
      await until(() => world.upstreams.dump()[0]?.activeRequests === 0);
      const [backend] = world.upstreams.dump();
      t.match(backend, { activeRequests: 0, pendingRequests: 0, activeRetries: 0 });
      t.ok(backend?.endpoints.every(({ activeRequests }) => activeRequests === 0));
      t.ok((backend?.connections ?? 99) <= 12, `${backend?.connections} connections`);
      await until(() => world.upstreams.dump()[0]?.connections === 0);
      t.match(world.upstreams.dump(), [{ connections: 0 }]);
    });
  });
}

async function storm(
  world: UpstreamWorld,
  random: () => number,
  note: (outcome: string) => void,
): Promise<void> {
  const controller = new AbortController();
  if (random() < 0.2) setTimeout(() => controller.abort(new Error('gone')), random() * 20);
  const isPost = random() < 0.3;
  try {
    const response = await world.send({
      clientAddress: `10.0.0.${1 + Math.floor(random() * 5)}`,
      request: isPost ? { method: 'POST', body: bodyOf('some', 'thing') } : {},
      context: { signal: controller.signal, attempt: random() < 0.1 ? 2 : 1 },
    });
    const { stream } = response.body;
    if (stream === undefined) return note('answered');
    stream.on('error', () => undefined);
    if (random() < 0.1) {
      stream.destroy();
      return note('thrown away');
    }
    for await (const _chunk of stream) if (random() < 0.05) await new Promise(setImmediate);
    note('answered');
  } catch (error) {
    note((error as { code?: string }).code ?? (error as Error).message);
  }
}

interface StormyRequest {
  on(name: 'error', listener: () => void): unknown;
  resume(): unknown;
  readonly socket: { destroy(): unknown } | undefined;
}

interface StormyResponse {
  on(name: 'error', listener: () => void): unknown;
  write(text: string): unknown;
  end(text?: string): unknown;
  statusCode: number;
}

/** Returns after half a minute in any case: what follows tells. */
async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!holds() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Answers at once, late, in parts, not at all, or cuts the request or the whole connection. */
function stormyServer(protocol: 'http1' | 'http2', random: () => number): Server {
  const answer = (request: StormyRequest, response: StormyResponse): void => {
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    request.resume();
    const chance = random();
    if (chance < 0.6) setTimeout(() => response.end('ok'), random() * 5);
    else if (chance < 0.75) {
      response.write('x'.repeat(30_000));
      setTimeout(() => response.end('end'), random() * 5);
    } else if (chance < 0.85) {
      response.write('part');
      setTimeout(() => request.socket?.destroy(), random() * 5);
    } else if (chance < 0.95) request.socket?.destroy();
    else
      setTimeout(() => {
        response.statusCode = 503;
        response.end();
      }, random() * 30);
  };
  const server: Server =
    protocol === 'http1'
      ? createServer((...pair) => answer(...pair))
      : createHttp2Server((request, response) => answer(request, response as unknown as StormyResponse));
  server.on('error', () => undefined);
  server.on('session', (session: { on(name: string, listener: () => void): void }) =>
    session.on('error', () => undefined),
  );
  return server;
}
