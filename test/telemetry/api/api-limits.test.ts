import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'tap';
import { LIVE_PATH, type LiveMessage } from '../../../src/model/index.ts';
import { createAdminServer } from '../../../src/telemetry/index.ts';
import { createWorkBudget } from '../../../src/telemetry/api/work-budget.ts';
import { WebSocket } from 'ws';
import { createFakeClock } from '../../support/fake-clock.ts';
import { observeSome, someFacts, startApi } from './api-fixture.ts';

/** A client that never ends its half of a connection by itself. */
function stubborn(t: { teardown(end: () => unknown): void }, port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  return socket;
}

/** Resolves when the other side has let go: nothing that is written arrives any more. */
async function untilLetGo(socket: Socket): Promise<void> {
  const gone = new Promise<void>((resolve) => {
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
  const writing = setInterval(() => socket.write('x'), 20);
  await gone;
  clearInterval(writing);
}

/** A clock whose time passes while work is done. */
function workingClock() {
  const clock = createFakeClock();
  let workedMs = 0;
  const work = (ms: number) => () => {
    workedMs += ms;
    return ms;
  };
  return { clock: { ...clock, monotonic: () => clock.monotonic() + workedMs }, advance: clock.advance, work };
}

test('who is refused the live feed, or speaks no HTTP, is not held on to', async (t) => {
  const { host } = await startApi(t);
  const port = Number(host.split(':')[1]);
  const upgrade = stubborn(t, port);
  upgrade.write(
    `GET ${LIVE_PATH} HTTP/1.1\r\nhost: ${host}\r\norigin: http://elsewhere.example\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`,
  );
  const [answer] = await once(upgrade, 'data');
  t.match(String(answer), /^HTTP\/1.1 403 .*ERR_TELEMETRY_API_ORIGIN/s);
  await untilLetGo(upgrade);
  const stranger = stubborn(t, port);
  stranger.write('no HTTP\r\n\r\n');
  t.match(String((await once(stranger, 'data'))[0]), /^HTTP\/1.1 400 /);
  await untilLetGo(stranger);

  const admin = createAdminServer({ routes: [] });
  t.teardown(() => admin.close());
  const other = stubborn(t, (await admin.listen({ port: 0 })).port);
  other.write('no HTTP\r\n\r\n');
  await once(other, 'data');
  await untilLetGo(other);
});

test('who does not read its answers is let go', async (t) => {
  const { host } = await startApi(t, { idleMs: 200 });
  const accepted = nextAccepted();
  const socket = stubborn(t, Number(host.split(':')[1]));
  socket.on('error', () => undefined);
  const ended = Promise.race([once(socket, 'end'), once(socket, 'close')]);
  const asked = 2_000;
  socket.write(`GET /openapi.json HTTP/1.1\r\nhost: ${host}\r\n\r\n`.repeat(asked));
  // However long that takes on a machine that has much to do: nothing is read before.
  await once(await accepted, 'close');
  let text = '';
  socket.on('data', (data) => {
    text += data;
  });
  await ended;
  const answers = text.split('HTTP/1.1 200').length - 1;
  t.ok(answers < asked, `${answers} of ${asked}`);
});

/** The server's end of the next connection, where the server is in this process. */
function nextAccepted(): Promise<Socket> {
  return new Promise((resolve) => {
    const take = (message: unknown): void => {
      unsubscribe(CHANNEL, take);
      resolve((message as { readonly socket: Socket }).socket);
    };
    subscribe(CHANNEL, take);
  });
}

const CHANNEL = 'net.server.socket';

test('looking takes a quarter of the time of a process, and half a second at once', async (t) => {
  const { clock, advance, work } = workingClock();
  const budget = createWorkBudget(clock);
  await budget.turn();
  t.equal(budget.spend(work(300)), 300);
  await budget.turn();
  budget.spend(work(400));
  t.equal(budget.isSpent, true);
  const order: number[] = [];
  for (const one of [1, 2, 3]) void budget.turn().then(() => order.push(budget.spend(work(100)) + one));
  await advance(50);
  t.same(order, [], 'more was spent than there was');
  await advance(150);
  t.same(order, [101]);
  await advance(300);
  t.same(order, [101, 102], 'one after the other');
  await advance(10_000);
  t.same(order, [101, 102, 103]);
  t.equal(budget.isSpent, false);
  t.throws(() => budget.spend(() => JSON.parse('')), 'what fails is passed on');
});

test('not more than so many wait for their turn, and nobody when the server ends', async (t) => {
  const { clock, work } = workingClock();
  const budget = createWorkBudget(clock);
  budget.spend(work(100_000));
  const waiting = Array.from({ length: 64 }, () => budget.turn());
  t.throws(() => budget.turn(), { message: '64 requests wait for their turn, and no more may' });
  budget.destroy();
  await Promise.all(waiting);
});

test('a reader that asks for pictures again and again gets them while there is time', async (t) => {
  const { clock, advance, work } = workingClock();
  let made = 0;
  const facts = someFacts();
  const api = await startApi(t, {
    clock,
    facts: {
      ...facts,
      workloads: (windowMs) => {
        made += 1;
        work(50)();
        return facts.workloads(windowMs);
      },
    },
  });
  observeSome(api.store);
  const socket = new WebSocket(`ws://${api.host}${LIVE_PATH}`);
  const topics: LiveMessage['topic'][] = [];
  socket.on('message', (data) => topics.push((JSON.parse(String(data)) as LiveMessage).topic));
  await once(socket, 'open');
  for (let window = 5; window < 300; window += 1)
    socket.send(JSON.stringify({ follow: ['workloads'], window }));
  // An answer to the last of them comes after all of them were heard.
  socket.ping();
  await once(socket, 'pong');
  t.ok(made > 5 && made < 20, `${made} of 295`);
  await advance(60_000);
  const before = made;
  await advance(2_000);
  t.ok(made > before, 'and again later');
  socket.terminate();
});
