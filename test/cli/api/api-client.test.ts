import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'tap';
import { WebSocketServer } from 'ws';
import { createApiClient } from '../../../src/cli/api/index.ts';
import { dashboardOf, openApi } from '../../../src/cli/running-mesh/index.ts';
import { createCliContext } from '../../../src/cli/context.ts';
import type { LabStatus } from '../../../src/lab/index.ts';
import type { LiveMessage } from '../../../src/model/index.ts';

type Answer = (request: IncomingMessage) => { readonly status: number; readonly body: string };

async function startServer(t: Tap, answer: Answer): Promise<{ readonly server: Server; readonly url: URL }> {
  const server = createServer((request, response) => {
    const { status, body } = answer(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return { server, url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`) };
}

type Tap = { teardown(action: () => unknown): void };

test('an answer is asked for with the query and the token, below the path of the address', async (t) => {
  const { url } = await startServer(t, (request) => ({
    status: 200,
    body: JSON.stringify({ asked: request.url, by: request.headers.authorization }),
  }));
  const client = createApiClient({ url: new URL('/mesh/', url), token: 'secret' });
  t.same(await client.get('/api/v1/flows', { window: 60, source: 'shop/cart', limit: undefined }), {
    asked: '/mesh/api/v1/flows?window=60&source=shop%2Fcart',
    by: 'Bearer secret',
  });
});

test("a refused question rejects with the API's own message and hint", async (t) => {
  const error = { code: 'ERR_API_TOKEN', message: 'expected a bearer token, got none', hint: 'give one' };
  const { url } = await startServer(t, () => ({ status: 401, body: JSON.stringify({ error }) }));
  await t.rejects(createApiClient({ url, token: undefined }).get('/api/v1/info'), {
    code: 'ERR_CLI_API_ANSWER',
    message: /status 401: expected a bearer token, got none/,
    hint: 'give one',
  });
});

test('something that is no API is named as such', async (t) => {
  const { url } = await startServer(t, () => ({ status: 200, body: '<html>hello' }));
  await t.rejects(createApiClient({ url, token: undefined }).get('/api/v1/info'), {
    code: 'ERR_CLI_API_ANSWER',
    message: /expected JSON, got "<html>hello"/,
  });
});

test('an address where nobody listens rejects with where it asked, for answers and for the feed', async (t) => {
  const { server, url } = await startServer(t, () => ({ status: 200, body: '{}' }));
  await new Promise((resolve) => server.close(resolve));
  const client = createApiClient({ url, token: undefined });
  const expected = { code: 'ERR_CLI_API_UNREACHABLE', message: new RegExp(`no answer from .*${url.port}`) };
  await t.rejects(client.get('/api/v1/info'), expected);
  await t.rejects(
    client.live({ follow: ['refusals'] }, () => undefined),
    expected,
  );
});

test('an address that accepts and says nothing rejects after the time', async (t) => {
  const server = createServer(() => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await t.rejects(createApiClient({ url, token: undefined }, 50).get('/api/v1/info'), {
    code: 'ERR_CLI_API_UNREACHABLE',
  });
});

test('the live feed says what it follows, hands out messages, and ends as either side wants', async (t) => {
  const { server, url } = await startServer(t, () => ({ status: 404, body: '{}' }));
  const feeds = new WebSocketServer({ server, path: '/api/v1/live' });
  t.teardown(() => feeds.close());
  const followed: unknown[] = [];
  feeds.on('connection', (socket) =>
    socket.on('message', (data) => {
      followed.push(JSON.parse(String(data)));
      if (followed.length === 3) socket.terminate();
      else socket.send(JSON.stringify({ topic: 'dropped', count: followed.length }));
    }),
  );
  const client = createApiClient({ url, token: undefined });
  const messages: LiveMessage[] = [];
  const { promise: second, resolve } = Promise.withResolvers<void>();
  const feed = await client.live({ follow: ['refusals'] }, (message) => {
    messages.push(message);
    if (messages.length === 2) resolve();
    else feed.follow({ follow: ['requests'], namespace: 'shop' });
  });
  await second;
  t.same(messages, [
    { topic: 'dropped', count: 1 },
    { topic: 'dropped', count: 2 },
  ]);
  feed.follow({ follow: [] });
  t.match(await feed.over, { code: 'ERR_CLI_API_UNREACHABLE' }, 'the other side went away');
  t.same(followed, [{ follow: ['refusals'] }, { follow: ['requests'], namespace: 'shop' }, { follow: [] }]);

  const closed = await client.live({ follow: [] }, () => undefined);
  closed.close();
  t.equal(await closed.over, undefined, 'an end that was wanted has no reason');
});

test('options that contradict one another, and tokens that are none, say what is expected', async (t) => {
  const context = createCliContext(process);
  const empty = join(t.testdir(), 'token');
  writeFileSync(empty, '\n');
  const cases = [
    [{ tokenFile: empty }, /expected --address beside it/],
    [{ address: 'http://127.0.0.1:1', node: 'node-1' }, /expected to be alone, got --node beside it/],
    [{ address: 'ftp://127.0.0.1:1' }, /expected a URL such as .*, got "ftp:/],
    [{ address: '127.0.0.1:1', tokenFile: `${empty}.not` }, /expected a file that can be read/],
    [{ address: '127.0.0.1:1', tokenFile: empty }, /expected one token in .*, got nothing/],
  ] as const;
  for (const [options, message] of cases)
    await t.rejects(openApi(context, options), { code: 'ERR_CLI_API_ADDRESS', message });
});

test("a lab's dashboards are found by node, and the mesh's without one", async (t) => {
  const status = {
    name: 'lab',
    dashboard: 'http://127.0.0.1:1/',
    nodes: [{ name: 'node-1', dashboard: 'http://127.0.0.1:2/' }],
  } as unknown as LabStatus;
  t.equal(dashboardOf(status, undefined).port, '1');
  t.equal(dashboardOf(status, 'node-1').port, '2');
  t.throws(() => dashboardOf(status, 'node-9'), { message: 'no node node-9', hint: 'nodes: node-1' });
  t.throws(() => dashboardOf({ ...status, dashboard: null }, undefined), { code: 'ERR_LAB_UNAVAILABLE' });
});
