import { once } from 'node:events';
import { test } from 'tap';
import { WebSocket } from 'ws';
import { LIVE_PATH, type LiveMessage } from '../../../src/model/index.ts';
import { edge, refusal, shop } from '../observation/observed-traffic.ts';
import { type RunningApi, someFacts, startApi } from './api-fixture.ts';

interface Reader {
  readonly socket: WebSocket;
  readonly messages: LiveMessage[];
  follow(follows: object): void;
  /** Waits for a message of the topic. */
  next<Topic extends LiveMessage['topic']>(topic: Topic): Promise<LiveMessage & { topic: Topic }>;
}

async function read(api: RunningApi, headers: Record<string, string> = {}): Promise<Reader> {
  const socket = new WebSocket(`ws://${api.host}${LIVE_PATH}`, { headers });
  const messages: LiveMessage[] = [];
  socket.on('message', (data) => {
    messages.push(JSON.parse(String(data)));
    socket.emit('told');
  });
  await once(socket, 'open');
  return {
    socket,
    messages,
    follow: (follows) => socket.send(JSON.stringify(follows)),
    async next(topic) {
      for (;;) {
        const found = messages.findIndex((message) => message.topic === topic);
        if (found !== -1) return messages.splice(found, 1)[0] as never;
        await once(socket, 'told');
      }
    },
  };
}

/** The status of a handshake that is refused. */
async function refusedWith(api: RunningApi, headers: Record<string, string>): Promise<number | undefined> {
  const socket = new WebSocket(`ws://${api.host}${LIVE_PATH}`, { headers });
  socket.on('error', () => undefined);
  const [, response] = await once(socket, 'unexpected-response');
  response.resume();
  return response.statusCode;
}

/** Resolves when the server has heard what a reader follows. */
async function untilFollowed({ store }: RunningApi): Promise<void> {
  while (!store.isFollowed) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('a refusal reaches those who follow refusals, of their namespace', async (t) => {
  const api = await startApi(t);
  const shopReader = await read(api);
  const bankReader = await read(api);
  shopReader.follow({ follow: ['refusals', 'topology'], namespace: 'shop' });
  bankReader.follow({ follow: ['refusals', 'topology'], namespace: 'bank' });
  await Promise.all([shopReader.next('topology'), bankReader.next('topology')]);
  api.store.refused(refusal({ atMs: Date.now() }));
  t.match(await shopReader.next('refusals'), { refusals: [{ policy: 'shop/payments-from-cart' }] });
  t.same(
    bankReader.messages.filter(({ topic }) => topic === 'refusals'),
    [],
  );
});

test('connections and requests are told as they happen, and cost nothing while nobody follows', async (t) => {
  const api = await startApi(t);
  t.equal(api.store.isFollowed, false);
  const reader = await read(api);
  reader.follow({ follow: ['connections', 'requests'] });
  await untilFollowed(api);
  const [connection] = someFacts().connections(1, 0).connections;
  if (connection === undefined) throw new Error('expected a connection');
  api.store.connectionOpened(connection);
  api.store.connectionClosed(connection, { closedMs: 5, error: 'reset' });
  api.store.requestEnded({
    atMs: 1,
    proxy: 'waypoint/shop/waypoint-1',
    source: shop('frontend'),
    sourceAddress: '',
    destination: shop('cart'),
    service: undefined,
    protocol: 'http',
    method: 'GET',
    host: 'cart',
    path: '/',
    status: 200,
    grpcStatus: undefined,
    durationMs: 1,
    attempts: 1,
    route: '',
    reason: '',
    policy: '',
    traceId: '',
  });
  t.match(await reader.next('connections'), { opened: [{ id: '1' }], closed: [{ id: '1', error: 'reset' }] });
  t.match(await reader.next('requests'), { requests: [{ path: '/' }] });
  reader.socket.close();
  await once(reader.socket, 'close');
  while (api.store.isFollowed) await new Promise((resolve) => setTimeout(resolve, 5));
});

test('the graph and the workloads come at once, and again', async (t) => {
  const api = await startApi(t);
  const reader = await read(api);
  api.store.count(edge(), { opened: 1 });
  reader.follow({ follow: ['topology', 'workloads'], window: 30 });
  t.match(await reader.next('topology'), { topology: { nodes: [{ id: 'workload/shop/frontend' }, {}, {}] } });
  t.match(await reader.next('workloads'), { workloads: [{ name: 'cart-1', rates: {} }] });
  await reader.next('topology');
});

test('what a reader is too slow for is dropped, and it is told how much', async (t) => {
  const api = await startApi(t, { mostWaiting: 10 });
  const reader = await read(api);
  reader.follow({ follow: ['refusals', 'connections'] });
  await untilFollowed(api);
  for (let index = 0; index < 25; index++) api.store.refused(refusal({ atMs: Date.now() }));
  t.equal((await reader.next('refusals')).refusals.length, 10);
  t.equal((await reader.next('dropped')).count, 15);
});

test('pages of other origins, strangers and too many readers are refused', async (t) => {
  const open = await startApi(t, { mostReaders: 1 });
  t.equal(await refusedWith(open, { origin: 'http://evil.example' }), 403);
  const reader = await read(open, { origin: open.url });
  t.equal(await refusedWith(open, {}), 503);
  reader.socket.close();
  const locked = await startApi(t, { token: 'a-token-of-some-length' });
  t.equal(await refusedWith(locked, {}), 401);
  const known = await read(locked, { authorization: 'Bearer a-token-of-some-length' });
  known.socket.close();
});

test('who asks for what there is not is told so, and cut off', async (t) => {
  const api = await startApi(t);
  for (const [sent, reason] of [
    ['no json', /expected JSON/],
    ['[]', /expected an object/],
    ['{"follow":["gossip"]}', /follow: expected refusals, connections/],
    ['{"follow":[],"window":1}', /window: expected whole seconds from 5 to 900/],
    ['{"follow":[],"namespace":7}', /namespace/],
    ['{"follow":[],"colour":"red"}', /unknown field colour/],
  ] as const) {
    const { socket } = await read(api);
    socket.send(sent);
    const [code, text] = await once(socket, 'close');
    t.equal(code, 1008);
    t.match(String(text), reason);
  }
});

test('closing the server says goodbye to readers', async (t) => {
  const api = await startApi(t);
  const { socket } = await read(api);
  const closed = once(socket, 'close');
  await api.server.close();
  t.equal((await closed)[0], 1001);
});
