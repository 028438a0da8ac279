import { test } from 'tap';
import { WireError } from '../../src/wire/index.ts';
import { createDeltaServer, type HeldResource } from '../../src/xds/index.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { gist, openDialogue, resource, turn } from './support/server-dialogue.ts';

const A = 'type/A';
const B = 'type/B';
const serverOf = (options = {}) => createDeltaServer({ types: [A, B], ...options });

test('a first request without names gets everything, even when that is nothing', async (t) => {
  const server = serverOf();
  server.cache(A).apply({ upserts: [resource('x', '1'), resource('y', '1')] });
  const dialogue = openDialogue(server);
  dialogue.say({ typeUrl: A });
  t.same(gist(await dialogue.hear()), { upserts: ['x=1', 'y=1'], removed: [] });
  dialogue.say({ typeUrl: B });
  t.same(gist(await dialogue.hear()), { upserts: [], removed: [] });
  await dialogue.hangUp();
  t.same(server.proxies(), []);
});

test('nothing is sent while an answer is awaited, and what changed meanwhile comes as one response', async (t) => {
  const server = serverOf();
  const cache = server.cache(A);
  cache.apply({ upserts: [resource('x', '1'), resource('gone', '1')] });
  const dialogue = openDialogue(server);
  dialogue.say({ typeUrl: A });
  await dialogue.hear();
  for (let version = 2; version < 50; version++) cache.apply({ upserts: [resource('x', String(version))] });
  cache.apply({ upserts: [resource('fleeting', '1')], removed: ['gone'] });
  cache.apply({ removed: ['fleeting'] });
  t.ok(await dialogue.silent());
  dialogue.answer();
  t.same(gist(await dialogue.hear()), { upserts: ['x=49'], removed: ['gone'] });
  dialogue.answer();
  t.ok(await dialogue.silent());
  await dialogue.hangUp();
});

test('a resource that comes and goes unseen is never mentioned', async (t) => {
  const server = serverOf();
  const dialogue = openDialogue(server);
  dialogue.say({ typeUrl: A });
  await dialogue.hear();
  server.cache(A).apply({ upserts: [resource('fleeting', '1')] });
  server.cache(A).apply({ removed: ['fleeting'] });
  dialogue.answer();
  t.ok(await dialogue.silent());
  await dialogue.hangUp();
});

test('types do not wait for one another', async (t) => {
  const server = serverOf();
  const dialogue = openDialogue(server);
  dialogue.say({ typeUrl: A });
  t.equal((await dialogue.hear()).typeUrl, A);
  dialogue.say({ typeUrl: B });
  t.equal((await dialogue.hear()).typeUrl, B);
  await dialogue.hangUp();
});

test('setting what is there already is no change', async (t) => {
  const server = serverOf();
  const dialogue = openDialogue(server);
  dialogue.say({ typeUrl: A });
  await dialogue.hear();
  dialogue.answer();
  const first = server.cache(A).apply({ upserts: [resource('x', '1', 'alias')] });
  await dialogue.hear();
  dialogue.answer();
  t.same(server.cache(A).apply({ upserts: [resource('x', '1', 'alias')], removed: ['unknown'] }), first);
  t.ok(await dialogue.silent());
  await dialogue.hangUp();
});

test('what a client says that it holds, and that cannot be read, ends its stream with the reason', async (t) => {
  const server = serverOf();
  const dialogue = openDialogue(server);
  const unreadable = new WireError({ code: 'ERR_WIRE_DECODE', blame: 'downstream', message: 'no entry' });
  const initialVersions = {
    *[Symbol.iterator](): Generator<HeldResource> {
      yield ['readable', '1'];
      throw unreadable;
    },
  };
  dialogue.say({ typeUrl: A, initialVersions });
  await dialogue.hangUp();
  t.equal(dialogue.ended?.error, unreadable);
  t.same(server.proxies(), []);
});

test('a reconnecting client gets what differs from what it holds, removals included', async (t) => {
  const server = serverOf();
  server.cache(A).apply({ upserts: [resource('same', '1'), resource('changed', '2'), resource('new', '1')] });
  const dialogue = openDialogue(server);
  const initialVersions = [
    ['same', '1'],
    ['changed', '1'],
    ['gone', '1'],
  ] as const;
  dialogue.say({ typeUrl: A, initialVersions });
  t.same(gist(await dialogue.hear()), { upserts: ['changed=2', 'new=1'], removed: ['gone'] });
  dialogue.answer();
  server.cache(A).apply({ removed: ['same'] });
  t.same(gist(await dialogue.hear()), { upserts: [], removed: ['same'] });
  await dialogue.hangUp();
});

test('on demand: subscribing and unsubscribing the wildcard at once asks for nothing yet (wire.md §2.5)', async (t) => {
  const server = serverOf();
  const cache = server.cache(A);
  cache.apply({ upserts: [resource('uid-1', '1', 'net/10.0.0.1'), resource('uid-2', '1', 'net/10.0.0.2')] });
  const dialogue = openDialogue(server);
  dialogue.say({ typeUrl: A, subscribe: ['*'], unsubscribe: ['*'] });
  t.same(gist(await dialogue.hear()), { upserts: [], removed: [] });
  dialogue.answer();
  dialogue.say({ typeUrl: A, subscribe: ['net/10.0.0.1'] });
  t.same(gist(await dialogue.hear()), { upserts: ['uid-1=1'], removed: [] }, 'found by alias');
  dialogue.answer();
  dialogue.say({ typeUrl: A, subscribe: ['net/10.9.9.9'] });
  t.same(
    gist(await dialogue.hear()),
    { upserts: [], removed: ['net/10.9.9.9'] },
    'unknown is said to be gone',
  );
  dialogue.answer();
  cache.apply({ upserts: [resource('uid-2', '2', 'net/10.0.0.2')] });
  t.ok(await dialogue.silent(), 'not asked for');
  cache.apply({ upserts: [resource('uid-9', '1', 'net/10.9.9.9')] });
  t.same(
    gist(await dialogue.hear()),
    { upserts: ['uid-9=1'], removed: [] },
    'appears under the alias asked for',
  );
  dialogue.answer();
  cache.apply({ upserts: [resource('uid-1', '2', 'net/10.0.0.7')] });
  t.same(
    gist(await dialogue.hear()),
    { upserts: [], removed: ['uid-1'] },
    'has lost the alias it was asked by',
  );
  dialogue.answer();
  dialogue.say({ typeUrl: A, unsubscribe: ['net/10.9.9.9'] });
  await turn();
  cache.apply({ removed: ['uid-9'] });
  t.ok(await dialogue.silent(), 'no longer asked for');
  await dialogue.hangUp();
});

test('on demand: a reconnecting client keeps what it holds subscribed', async (t) => {
  const server = serverOf();
  const cache = server.cache(A);
  cache.apply({ upserts: [resource('held', '2'), resource('same', '1'), resource('other', '1')] });
  const dialogue = openDialogue(server);
  const initialVersions = [
    ['held', '1'],
    ['same', '1'],
    ['lost', '1'],
  ] as const;
  dialogue.say({ typeUrl: A, subscribe: ['*'], unsubscribe: ['*'], initialVersions });
  t.same(gist(await dialogue.hear()), { upserts: ['held=2'], removed: ['lost'] });
  dialogue.answer();
  cache.apply({ upserts: [resource('same', '2'), resource('other', '2')] });
  t.same(gist(await dialogue.hear()), { upserts: ['same=2'], removed: [] });
  await dialogue.hangUp();
});

test('a name that is subscribed to again is sent again', async (t) => {
  const server = serverOf();
  server.cache(A).apply({ upserts: [resource('x', '1')] });
  const dialogue = openDialogue(server);
  dialogue.say({ typeUrl: A, subscribe: ['x'] });
  t.same(gist(await dialogue.hear()).upserts, ['x=1']);
  dialogue.answer();
  dialogue.say({ typeUrl: A, subscribe: ['x'] });
  t.same(gist(await dialogue.hear()).upserts, ['x=1']);
  await dialogue.hangUp();
});

test('streams that ask for everything share it in blocks, and a change re-makes its own block alone', async (t) => {
  const server = serverOf();
  const cache = server.cache(A);
  const names = Array.from({ length: 1200 }, (_, index) => `r${index}`);
  cache.apply({ upserts: names.map((name) => resource(name, '1')) });
  const blocksOf = async (id: string) => {
    const dialogue = openDialogue(server, id);
    dialogue.say({ typeUrl: A });
    const { blocks = [], resources } = await dialogue.hear();
    await dialogue.hangUp();
    t.equal(new Set(resources.map(({ name }) => name)).size, 1200);
    return blocks;
  };
  const first = await blocksOf('node-1');
  const second = await blocksOf('node-2');
  t.ok(first.length > 1);
  t.ok(first.every((block, index) => block === second[index]));
  cache.apply({ upserts: [resource('r3', '2')] });
  const third = await blocksOf('node-3');
  t.equal(third.filter((block) => !first.includes(block)).length, 1);
  cache.apply({
    removed: names.slice(0, 1100),
    upserts: names.slice(0, 1100).map((name) => resource(`${name}b`, '1')),
  });
  const fourth = await blocksOf('node-4');
  t.equal(fourth.flatMap(({ resources }) => resources).length, 1200);
});

test('scoped resources are seen by their audience alone, and leave when the audience changes', async (t) => {
  const server = serverOf();
  const cache = server.cache(A);
  const scoped = (audience: string) => ({ ...resource('pod', '1'), audiences: new Set([audience]) });
  cache.apply({ upserts: [scoped('node-1'), resource('public', '1')] });
  const one = openDialogue(server, 'node-1');
  const two = openDialogue(server, 'node-2');
  const nobody = openDialogue(server, 'waypoint', undefined);
  for (const dialogue of [one, two, nobody]) dialogue.say({ typeUrl: A });
  t.same(gist(await one.hear()).upserts, ['public=1', 'pod=1']);
  t.same(gist(await two.hear()).upserts, ['public=1']);
  t.same(gist(await nobody.hear()).upserts, ['public=1']);
  for (const dialogue of [one, two, nobody]) dialogue.answer();
  cache.apply({ upserts: [scoped('node-2')] });
  t.same(gist(await one.hear()), { upserts: [], removed: ['pod'] });
  t.same(gist(await two.hear()), { upserts: ['pod=1'], removed: [] });
  t.ok(await nobody.silent());
  one.answer();
  two.answer();
  two.say({ typeUrl: B, subscribe: ['pod'] });
  cache.apply({ removed: ['pod'] });
  t.same(gist(await two.hear()), { upserts: [], removed: ['pod'] }, 'by name of another type: not there');
  await Promise.all([one, two, nobody].map((dialogue) => dialogue.hangUp()));
});

test('naming a scoped resource of another node does not reveal it', async (t) => {
  const server = serverOf();
  server.cache(A).apply({ upserts: [{ ...resource('pod', '1'), audiences: new Set(['node-1']) }] });
  const dialogue = openDialogue(server, 'node-2');
  dialogue.say({ typeUrl: A, subscribe: ['pod'] });
  t.same(gist(await dialogue.hear()), { upserts: [], removed: ['pod'] });
  await dialogue.hangUp();
});

test('a rejection is reported and kept, and the next change is sent all the same', async (t) => {
  const server = serverOf();
  const rejections: unknown[] = [];
  server.rejections.subscribe((rejection) => rejections.push(rejection));
  const dialogue = openDialogue(server);
  dialogue.say({ typeUrl: A, node: { id: 'ztunnel~1', metadata: {} } });
  await dialogue.hear();
  dialogue.answer('x: bad field');
  await turn();
  t.same(rejections, [{ proxy: 'node-1', typeUrl: A, nonce: '1', message: 'x: bad field' }]);
  t.match(server.proxies(), [
    {
      id: 'node-1',
      nodeId: 'ztunnel~1',
      version: '',
      types: [
        { state: 'synced', acknowledgedNonce: '', lastRejection: { nonce: '1', message: 'x: bad field' } },
      ],
    },
  ]);
  server.cache(A).apply({ upserts: [resource('x', '2')] });
  t.same(gist(await dialogue.hear()).upserts, ['x=2']);
  dialogue.answer();
  await turn();
  t.match(server.proxies(), [{ types: [{ acknowledgedNonce: '2' }] }]);
  await dialogue.hangUp();
});

test('an answer to an older response is not taken for one to the newer', async (t) => {
  const server = serverOf();
  const dialogue = openDialogue(server);
  dialogue.say({ typeUrl: A });
  await dialogue.hear();
  dialogue.answer();
  server.cache(A).apply({ upserts: [resource('x', '1')] });
  await dialogue.hear();
  dialogue.say({ typeUrl: A, responseNonce: '1' });
  server.cache(A).apply({ upserts: [resource('x', '2')] });
  t.ok(await dialogue.silent());
  await dialogue.hangUp();
});

test('types that are not served get no answer', async (t) => {
  const server = serverOf();
  const dialogue = openDialogue(server);
  dialogue.say({ typeUrl: 'type/unknown' });
  t.ok(await dialogue.silent());
  t.throws(() => server.cache('type/unknown'), { code: 'ERR_XDS_UNKNOWN_TYPE' });
  t.throws(() => createDeltaServer({ types: [A, A] }), { code: 'ERR_XDS_DUPLICATE_TYPE' });
  await dialogue.hangUp();
});

test('what is over the size of one response follows after the answer', async (t) => {
  const server = serverOf({ maxResponseBytes: 25 });
  const names = ['a', 'b', 'c', 'd', 'e'];
  server.cache(A).apply({ upserts: names.map((name) => resource(name, 'ten bytes!')) });
  const dialogue = openDialogue(server);
  dialogue.say({ typeUrl: A });
  t.same(gist(await dialogue.hear()).upserts, ['a=ten bytes!', 'b=ten bytes!']);
  t.ok(await dialogue.silent());
  dialogue.answer();
  t.equal((await dialogue.hear()).resources.length, 2);
  dialogue.answer();
  t.equal((await dialogue.hear()).resources.length, 1);
  dialogue.answer();
  t.ok(await dialogue.silent());
  await dialogue.hangUp();
});

test('a socket that takes nothing costs one response, and is cut off in time', async (t) => {
  const clock = createFakeClock();
  const server = serverOf({ clock, sendTimeoutMs: 1000 });
  const dialogue = openDialogue(server);
  dialogue.setOpen(false);
  dialogue.say({ typeUrl: A });
  await dialogue.hear();
  dialogue.answer();
  dialogue.say({ typeUrl: B });
  for (let version = 0; version < 100; version++)
    server.cache(A).apply({ upserts: [resource('x', `${version}`)] });
  t.ok(await dialogue.silent());
  await clock.advance(1001);
  t.match(dialogue.ended?.error, { code: 'ERR_XDS_SLOW_CLIENT' });
  await dialogue.hangUp();
  dialogue.setOpen(true);
  await turn();
  t.equal(server.bytesUnderWay, 0);
  t.equal(clock.pending, 0);
});

test('who takes what it is told and never answers is cut off; who answers in time, or is told nothing, is not', async (t) => {
  const clock = createFakeClock();
  const server = serverOf({ clock, answerTimeoutMs: 10_000 });
  server.cache(A).apply({ upserts: [resource('x', '1')] });
  const mute = openDialogue(server, 'mute');
  const polite = openDialogue(server, 'polite');
  const picky = openDialogue(server, 'picky');
  for (const dialogue of [mute, polite, picky]) {
    dialogue.say({ typeUrl: A });
    await dialogue.hear();
  }
  polite.answer();
  picky.answer('not this one');
  await clock.advance(9_000);
  mute.say({ typeUrl: B });
  await mute.hear();
  mute.answer();
  t.equal(mute.ended, undefined);
  await clock.advance(1_500);
  t.match(mute.ended?.error, {
    code: 'ERR_XDS_SLOW_CLIENT',
    message: 'mute did not answer a discovery response within 10000 ms',
  });
  await clock.advance(60_000);
  t.same([polite.ended, picky.ended], [undefined, undefined]);
  for (const dialogue of [mute, polite, picky]) await dialogue.hangUp();
  t.equal(clock.pending, 0);
});

test('streams take turns when sockets have much to take', async (t) => {
  const server = serverOf({ maxBytesUnderWay: 10 });
  server.cache(A).apply({ upserts: [resource('x', 'more than ten bytes')] });
  const one = openDialogue(server, 'one');
  const two = openDialogue(server, 'two');
  one.setOpen(false);
  one.say({ typeUrl: A });
  await one.hear();
  two.say({ typeUrl: A });
  t.ok(await two.silent());
  one.setOpen(true);
  t.same(gist(await two.hear()).upserts, ['x=more than ten bytes']);
  await one.hangUp();
  await two.hangUp();
});

test('too many names end the stream', async (t) => {
  const server = serverOf({ maxNamesPerStream: 2 });
  const dialogue = openDialogue(server);
  dialogue.say({ typeUrl: A, subscribe: ['1', '2', '3'] });
  await turn();
  t.match(dialogue.ended?.error, { code: 'ERR_XDS_TOO_MANY_NAMES' });
  t.same(server.proxies(), []);
});

test('closing ends every stream well, and later ones at once', async (t) => {
  const server = serverOf();
  const dialogue = openDialogue(server);
  dialogue.say({ typeUrl: A });
  await dialogue.hear();
  await server.close();
  t.same(dialogue.ended, { error: undefined });
  const late = openDialogue(server);
  t.match(late.ended?.error, { code: 'ERR_XDS_CLOSED' });
  server.destroy();
});
