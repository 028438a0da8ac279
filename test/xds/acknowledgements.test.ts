import { test } from 'tap';
import { createDeltaServer } from '../../src/xds/index.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { openDialogue, resource, turn } from './support/server-dialogue.ts';

const A = 'type/A';
const B = 'type/B';

/** A server with clients that have acknowledged the first response of type A. */
async function settled(count: number) {
  const clock = createFakeClock();
  const server = createDeltaServer({ types: [A, B], clock });
  const dialogues = Array.from({ length: count }, (_, index) => openDialogue(server, `node-${index}`));
  for (const dialogue of dialogues) {
    dialogue.say({ typeUrl: A });
    await dialogue.hear();
    dialogue.answer();
  }
  await turn();
  const hangUp = () => Promise.all(dialogues.map((dialogue) => dialogue.hangUp()));
  return { clock, server, dialogues, hangUp };
}

/** What a promise has come to so far. */
async function soFar<T>(promise: Promise<T>): Promise<T | 'waiting'> {
  await turn();
  return Promise.race([promise, Promise.resolve('waiting' as const)]);
}

test('a change counts as acknowledged once every subscriber has answered for it', async (t) => {
  const { server, dialogues, clock, hangUp } = await settled(2);
  const [one, two] = dialogues;
  const change = server.cache(A).apply({ upserts: [resource('x', '1')] });
  const acknowledged = server.acknowledged(change, { timeoutMs: 500 });
  t.equal(await soFar(acknowledged), 'waiting');
  await one?.hear();
  one?.answer();
  t.equal(await soFar(acknowledged), 'waiting');
  await two?.hear();
  two?.answer();
  t.equal(await soFar(acknowledged), true);
  t.equal(await server.acknowledged(change, { timeoutMs: 500 }), true, 'and stays so');
  await turn();
  t.equal(clock.pending, 0);
  await hangUp();
});

test('without subscribers there is nobody to wait for', async (t) => {
  const { server, dialogues, hangUp } = await settled(1);
  t.equal(dialogues.length, 1);
  const change = server.cache(B).apply({ upserts: [resource('x', '1')] });
  t.equal(await server.acknowledged(change, { timeoutMs: 500 }), true);
  await hangUp();
});

test('a change that came while an answer was awaited needs the answer after that', async (t) => {
  const { server, dialogues, hangUp } = await settled(1);
  const [dialogue] = dialogues;
  server.cache(A).apply({ upserts: [resource('x', '1')] });
  await dialogue?.hear();
  const change = server.cache(A).apply({ upserts: [resource('x', '2')] });
  const acknowledged = server.acknowledged(change, { timeoutMs: 500 });
  dialogue?.answer();
  t.equal(await soFar(acknowledged), 'waiting');
  await dialogue?.hear();
  dialogue?.answer();
  t.equal(await soFar(acknowledged), true);
  await hangUp();
});

test('later changes do not hold up an earlier one', async (t) => {
  const { server, dialogues, hangUp } = await settled(1);
  const [dialogue] = dialogues;
  const change = server.cache(A).apply({ upserts: [resource('x', '1')] });
  const acknowledged = server.acknowledged(change, { timeoutMs: 500 });
  await dialogue?.hear();
  server.cache(A).apply({ upserts: [resource('x', '2')] });
  dialogue?.answer();
  t.equal(await soFar(acknowledged), true);
  await hangUp();
});

test('who cannot see a change is not waited for', async (t) => {
  const { server, dialogues, hangUp } = await settled(2);
  const [one] = dialogues;
  const change = server
    .cache(A)
    .apply({ upserts: [{ ...resource('pod', '1'), audiences: new Set(['node-0']) }] });
  const acknowledged = server.acknowledged(change, { timeoutMs: 500 });
  await one?.hear();
  one?.answer();
  t.equal(await soFar(acknowledged), true);
  await hangUp();
});

test('who hangs up is waited for no longer', async (t) => {
  const { server, dialogues, hangUp } = await settled(1);
  const change = server.cache(A).apply({ upserts: [resource('x', '1')] });
  const acknowledged = server.acknowledged(change, { timeoutMs: 500 });
  t.equal(await soFar(acknowledged), 'waiting');
  await dialogues[0]?.hangUp();
  t.equal(await soFar(acknowledged), true);
  await hangUp();
});

test('a rejection, silence and an abort are all "no"', async (t) => {
  const { server, dialogues, clock, hangUp } = await settled(1);
  const [dialogue] = dialogues;
  const rejected = server.cache(A).apply({ upserts: [resource('x', '1')] });
  const first = server.acknowledged(rejected, { timeoutMs: 500 });
  await dialogue?.hear();
  dialogue?.answer('x: no');
  t.equal(await soFar(first), false);

  const unanswered = server.cache(A).apply({ upserts: [resource('x', '2')] });
  const second = server.acknowledged(unanswered, { timeoutMs: 500 });
  await clock.advance(499);
  t.equal(await soFar(second), 'waiting');
  await clock.advance(1);
  t.equal(await soFar(second), false);

  const abort = new AbortController();
  const third = server.acknowledged(unanswered, { timeoutMs: 500, signal: abort.signal });
  abort.abort();
  t.equal(await soFar(third), false);
  t.equal(clock.pending, 1, 'its time to answer goes on');
  await hangUp();
  t.equal(clock.pending, 0);
});

test('a subscriber whose first response is under way is waited for', async (t) => {
  const clock = createFakeClock();
  const server = createDeltaServer({ types: [A], clock });
  const change = server.cache(A).apply({ upserts: [resource('x', '1')] });
  const dialogue = openDialogue(server);
  dialogue.say({ typeUrl: A });
  await dialogue.hear();
  const acknowledged = server.acknowledged(change, { timeoutMs: 500 });
  t.equal(await soFar(acknowledged), 'waiting');
  dialogue.answer();
  t.equal(await soFar(acknowledged), true);
  await dialogue.hangUp();
});
