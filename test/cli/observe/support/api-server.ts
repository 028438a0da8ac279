import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { LIVE_PATH, type ApiAnswers, type LiveMessage } from '../../../../src/model/index.ts';

/** An API with fixed answers on a real socket. */
export interface ApiServer {
  readonly url: string;
  /** Paths with queries, in the order in which they were asked for. */
  readonly asked: readonly string[];
}

type Tap = { teardown(action: () => unknown): void };

/** `live` is sent to each follower as soon as it says what it follows; the connection stays open. */
export async function startApiServer(
  t: Tap,
  answers: Partial<ApiAnswers>,
  live: readonly LiveMessage[] = [],
): Promise<ApiServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://api');
    asked.push(url.pathname + url.search);
    const answer = (answers as Readonly<Record<string, unknown>>)[url.pathname];
    const problem = {
      error: { code: 'ERR_API_PATH', message: `no ${url.pathname}`, hint: 'look elsewhere' },
    };
    response
      .writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(answer ?? problem));
  });
  const sockets = new WebSocketServer({ server, path: LIVE_PATH });
  sockets.on('connection', (socket) => {
    socket.on('message', (follow) => {
      asked.push(String(follow));
      for (const message of live) socket.send(JSON.stringify(message));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
