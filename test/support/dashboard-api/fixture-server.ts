import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  type ApiProblem,
  LIVE_PATH,
  type LiveFollow,
  type LiveMessage,
  type RefusalView,
  type ServiceSeries,
} from '../../../src/model/index.ts';
import { ratesOf } from './rates.ts';
import { shopRequests } from './shop-requests.ts';
import type { FixtureMesh } from './shop-mesh.ts';

/** The contract of src/model/observation, answered from a fixture, with the built pages. Who follows requests gets some at once. */
export interface FixtureServer {
  readonly url: string;
  /** What it answers; replace what a test is about. */
  mesh: FixtureMesh;
  /** Given instead of all answers while it is set, with this status. */
  problem: { readonly status: number; readonly body: ApiProblem } | undefined;
  /** Says something to all who follow its topic. */
  say(message: LiveMessage): void;
  /** As `say`, and remembered for those who ask later. */
  refuse(refusal: RefusalView): void;
  /** Cuts all live connections, and takes no new ones until `takesLive` is set again. */
  cutLive(): void;
  takesLive: boolean;
  close(): Promise<void>;
}

/** Serves a fixture on a free port of loopback. */
export async function serveFixture(mesh: FixtureMesh, root: string): Promise<FixtureServer> {
  const followers = new Map<WebSocket, LiveFollow['follow']>();
  const live = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://fixture');
    if (!pathname.startsWith('/api/')) return sendFile(response, root, pathname);
    if (fixture.problem !== undefined)
      return sendJson(response, fixture.problem.status, fixture.problem.body);
    if (pathname === '/api/v1/service-metrics') return sendJson(response, 200, seriesOf(searchParams));
    const answer: unknown = fixture.mesh[pathname as keyof FixtureMesh];
    const problem: ApiProblem = {
      error: {
        code: 'unknown-path',
        message: `There is no ${pathname}.`,
        hint: 'Look at docs/openapi.yaml.',
      },
    };
    sendJson(response, answer === undefined ? 404 : 200, answer ?? problem);
  });
  server.on('upgrade', (request, socket, head) => {
    if (!fixture.takesLive || request.url !== LIVE_PATH) {
      socket.destroy();
      return;
    }
    live.handleUpgrade(request, socket, head, (follower) => {
      followers.set(follower, []);
      follower.on('message', (text) => {
        const { follow } = JSON.parse(`${text}`) as LiveFollow;
        const before = followers.get(follower);
        followers.set(follower, follow);
        // A page says anew what it follows whenever that changes.
        if (follow.includes('requests') && before?.includes('requests') !== true)
          follower.send(JSON.stringify({ topic: 'requests', requests: shopRequests(Date.now()) }));
      });
      follower.on('close', () => followers.delete(follower));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const fixture: FixtureServer = {
    url: `http://127.0.0.1:${port}/`,
    mesh,
    problem: undefined,
    takesLive: true,
    say(message) {
      for (const [follower, topics] of followers) {
        if (message.topic === 'dropped' || topics.includes(message.topic))
          follower.send(JSON.stringify(message));
      }
    },
    refuse(refusal) {
      const { refusals } = fixture.mesh['/api/v1/refusals'];
      fixture.mesh = { ...fixture.mesh, '/api/v1/refusals': { refusals: [refusal, ...refusals] } };
      fixture.say({ topic: 'refusals', refusals: [refusal] });
    },
    cutLive() {
      fixture.takesLive = false;
      for (const follower of followers.keys()) follower.terminate();
    },
    async close() {
      for (const follower of followers.keys()) follower.terminate();
      live.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return fixture;
}

/** Fifteen minutes of a wave, so that charts have something to draw. */
function seriesOf(query: URLSearchParams): ServiceSeries {
  const stepMs = Number(query.get('step') ?? 5) * 1_000;
  const count = Math.floor((Number(query.get('window') ?? 60) * 1_000) / stepMs);
  const firstMs = Math.floor(Date.now() / stepMs) * stepMs - count * stepMs;
  return {
    service: { namespace: query.get('namespace') ?? '', name: query.get('name') ?? '' },
    stepMs,
    times: Array.from({ length: count }, (_, index) => firstMs + index * stepMs),
    rates: Array.from({ length: count }, (_, index) => {
      const wave = Math.sin(index / 3) * 6 + Math.sin(index * 1.7) * 2;
      return ratesOf({
        requests: 38 + wave,
        refused: index % 5 === 0 ? 1.2 : 0.4,
        p50Ms: 2 + wave / 9,
        p90Ms: 6 + wave / 4,
        p99Ms: 14 + wave,
      });
    }),
  };
}

function sendFile(response: ServerResponse, root: string, pathname: string): void {
  const name = pathname === '/' ? 'index.html' : pathname.slice(1);
  try {
    const content = readFileSync(join(root, name));
    response.writeHead(200, {
      'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
      'content-security-policy':
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    });
    response.end(content);
  } catch {
    response.writeHead(404).end(); // as any file server
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
