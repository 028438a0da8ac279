import { test } from 'tap';
import {
  createDeltaClient,
  type ResourceSubscriptionOptions,
  type ResourceUpdate,
  resourceSubscription,
  XdsError,
} from '../../src/xds/index.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createScriptedTransport, type ScriptedStream } from './support/scripted-transport.ts';
import { resource, turn } from './support/server-dialogue.ts';

const A = 'type/A';
const B = 'type/B';
const node = { id: 'ztunnel~1', metadata: { NODE_NAME: 'node-1' } };

/** A client of type A (and more), with everything that it was told. */
function clientOf(
  options: Partial<ResourceSubscriptionOptions<string>> = {},
  others: readonly string[] = [],
) {
  const clock = createFakeClock();
  const transport = createScriptedTransport();
  const updates: ResourceUpdate<string>[] = [];
  const other = (typeUrl: string) =>
    resourceSubscription({ typeUrl, decode: String, onUpdate: () => undefined });
  const client = createDeltaClient({
    transport,
    node,
    clock,
    random: () => 0.5,
    types: [
      resourceSubscription<string>({
        typeUrl: A,
        decode(bytes) {
          const text = Buffer.from(bytes).toString();
          if (text.startsWith('bad')) throw new Error(`cannot read ${text}`);
          return text;
        },
        onUpdate(update) {
          updates.push(update);
          return undefined;
        },
        ...options,
      }),
      ...others.map(other),
    ],
  });
  const stream = async (index = 0): Promise<ScriptedStream> => {
    await turn();
    const found = transport.streams[index];
    if (found === undefined) throw new Error(`there is no stream ${index}`);
    return found;
  };
  return { client, clock, transport, updates, stream };
}

test('it asks for everything, applies, and acknowledges after that', async (t) => {
  let applied: () => void = () => t.fail('nothing to apply yet');
  const { client, stream } = clientOf({
    onUpdate: () => new Promise<undefined>((resolve) => (applied = () => resolve(undefined))),
  });
  client.start();
  const server = await stream();
  t.match(await server.heard(), [{ typeUrl: A, node, subscribe: [], unsubscribe: [], responseNonce: '' }]);
  server.say({ typeUrl: A, nonce: 'n1', resources: [resource('x', '1')] });
  t.same(await server.heard(), [], 'no answer before it is applied');
  t.same(client.state.pendingTypes, [A]);
  applied();
  t.match(await server.heard(), [{ typeUrl: A, responseNonce: 'n1', rejection: undefined }]);
  await client.ready;
  t.same([...client.versions(A)], [['x', '1']]);
  await client.close();
  t.ok(server.closed);
});

test('bad resources are refused by name while the good ones of the same response are applied', async (t) => {
  const { client, stream, updates } = clientOf();
  client.start();
  const server = await stream();
  await server.heard();
  const resources = [resource('p', 'bad 1'), resource('x', '1'), resource('q', 'bad 2')];
  server.say({ typeUrl: A, nonce: 'n1', resources, removed: ['gone'] });
  t.match(await server.heard(), [
    { responseNonce: 'n1', rejection: 'p: cannot read bad 1; q: cannot read bad 2' },
  ]);
  t.match(updates, [
    { upserts: [{ name: 'x', resource: '1' }], removed: ['gone'], failed: [{ name: 'p' }, { name: 'q' }] },
  ]);
  t.same([...client.versions(A).keys()], ['x'], 'refused versions are not remembered');
  await client.close();
});

test('what the receiver cannot apply is refused too, and a receiver that throws refuses everything', async (t) => {
  let failing = false;
  const { client, stream } = clientOf({
    onUpdate() {
      if (failing) throw new Error('no room');
      return [{ name: 'x', error: new Error('no such network') }];
    },
  });
  client.start();
  const server = await stream();
  await server.heard();
  server.say({ typeUrl: A, nonce: 'n1', resources: [resource('x', '1'), resource('y', '1')] });
  t.match(await server.heard(), [{ rejection: 'x: no such network' }]);
  failing = true;
  server.say({ typeUrl: A, nonce: 'n2', resources: [resource('z', '1')] });
  t.match(await server.heard(), [{ rejection: 'no room' }]);
  t.same([...client.versions(A).keys()], ['y']);
  await client.close();
});

test('it is ready after the first response of every required type, and of no other', async (t) => {
  const { client, stream } = clientOf({ required: false }, [B]);
  client.start();
  const server = await stream();
  t.same(client.state.pendingTypes, [B]);
  server.say({ typeUrl: B, nonce: 'n1' });
  await client.ready;
  t.same(client.state.pendingTypes, []);
  await client.close();
});

test('a new stream begins with what is held', async (t) => {
  const { client, stream, clock } = clientOf({ initialVersions: new Map([['kept', '0']]) });
  client.start();
  const first = await stream();
  t.match(await first.heard(), [{ initialVersions: [['kept', '0']] }]);
  first.say({ typeUrl: A, nonce: 'n1', resources: [resource('x', '1'), resource('y', '1')] });
  first.say({ typeUrl: A, nonce: 'n2', resources: [resource('x', '2')], removed: ['y'] });
  await first.heard();
  first.end();
  await turn();
  await clock.advance(10);
  const second = await stream(1);
  const [request] = await second.heard();
  t.same([...(request?.initialVersions ?? [])].sort(), [
    ['kept', '0'],
    ['x', '2'],
  ]);
  await client.close();
});

test('what a server finds too much to be named is not named again, and goes unless it is told anew', async (t) => {
  const initialVersions = new Map([
    ['kept', '0'],
    ['gone', '0'],
  ]);
  const { client, stream, clock, updates } = clientOf({ initialVersions });
  client.start();
  const first = await stream();
  await first.heard();
  first.end(new XdsError({ code: 'ERR_XDS_TOO_MANY_NAMES', blame: 'local', message: 'too many' }));
  await turn();
  await clock.advance(10);
  const second = await stream(1);
  t.match(await second.heard(), [{ initialVersions: [], subscribe: [] }]);
  second.end();
  await turn();
  await clock.advance(20);
  const third = await stream(2);
  t.match(await third.heard(), [{ initialVersions: [] }], 'it was not told yet');
  t.same(updates, [], 'what is held stays in force until then');
  third.say({ typeUrl: A, nonce: 'n1', resources: [resource('kept', '1')], removed: ['elsewhere'] });
  await turn();
  t.match(updates, [{ upserts: [{ name: 'kept' }] }]);
  t.same(updates[0]?.removed, ['elsewhere', 'gone']);
  third.say({ typeUrl: A, nonce: 'n2', resources: [resource('new', '1')] });
  await turn();
  t.same(updates[1]?.removed, [], 'once');
  await client.close();
});

test('attempts are spaced from 10 ms doubling to 15 s, and begin anew after a stream that served', async (t) => {
  const { client, transport, clock, stream } = clientOf();
  transport.setReachable(false);
  client.start();
  await turn();
  for (const delayMs of [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10_240, 15_000, 15_000]) {
    const before = transport.attempts;
    t.equal(client.state.phase, 'waiting');
    await clock.advance(delayMs - 1);
    t.equal(transport.attempts, before);
    await clock.advance(1);
    t.equal(transport.attempts, before + 1, `after ${delayMs} ms`);
  }
  transport.setReachable(true);
  await clock.advance(15_000);
  const server = await stream();
  server.say({ typeUrl: A, nonce: 'n1' });
  await server.heard();
  server.end(new Error('reset'));
  await turn();
  const before = transport.attempts;
  await clock.advance(14_999);
  t.equal(transport.attempts, before, 'one answer is not yet service');
  await clock.advance(1);
  (await stream(1)).say({ typeUrl: A, nonce: 'n1' });
  await clock.advance(1000);
  (await stream(1)).end(new Error('reset'));
  await turn();
  await clock.advance(10);
  t.equal(transport.attempts, before + 2);
  await client.close();
  t.equal(clock.pending, 0);
});

test('streams end for one of four reasons', async (t) => {
  const { client, transport, clock, stream } = clientOf();
  const reasons: string[] = [];
  client.terminations.subscribe(({ reason }) => reasons.push(reason));
  transport.setReachable(false);
  client.start();
  await turn();
  transport.setReachable(true);
  await clock.advance(10);
  (await stream(0)).end();
  await turn();
  await clock.advance(20);
  (await stream(1)).end(new Error('reset'));
  await turn();
  await clock.advance(40);
  const replaced = new XdsError({ code: 'ERR_XDS_RECONNECT', blame: 'local', message: 'new roots' });
  (await stream(2)).end(replaced);
  await clock.advance(0);
  await stream(3);
  t.same(reasons, ['ConnectionError', 'Complete', 'Error', 'Reconnect']);
  t.match(client.state, { phase: 'streaming', lastTermination: { reason: 'Reconnect', error: replaced } });
  await client.close();
});

test('a response of a type that was not asked for is refused', async (t) => {
  const { client, stream } = clientOf();
  client.start();
  const server = await stream();
  await server.heard();
  server.say({ typeUrl: 'type/other', nonce: 'n1' });
  t.match(await server.heard(), [
    { typeUrl: 'type/other', responseNonce: 'n1', rejection: /was not asked for/ },
  ]);
  await client.close();
});

test('on demand: names are asked for once, waited for, and asked for again on the next stream', async (t) => {
  const { client, stream, clock } = clientOf({ mode: 'on-demand' });
  client.start();
  const server = await stream();
  t.match(await server.heard(), [{ subscribe: ['*'], unsubscribe: ['*'] }]);
  const byAlias = client.demand(A, 'net/10.0.0.1');
  const again = client.demand(A, 'net/10.0.0.1');
  const missing = client.demand(A, 'net/10.9.9.9');
  t.match(await server.heard(), [{ subscribe: ['net/10.0.0.1'] }, { subscribe: ['net/10.9.9.9'] }]);
  server.say({
    typeUrl: A,
    nonce: 'n1',
    resources: [resource('uid', '1', 'net/10.0.0.1')],
    removed: ['net/10.9.9.9'],
  });
  await Promise.all([byAlias, again, missing]);
  await client.demand(A, 'net/10.0.0.1');
  await server.heard();
  client.release(A, 'net/10.9.9.9');
  t.match(await server.heard(), [{ unsubscribe: ['net/10.9.9.9'] }]);
  server.end();
  await turn();
  await clock.advance(10);
  t.match(await (await stream(1)).heard(), [{ subscribe: ['*', 'net/10.0.0.1'], unsubscribe: ['*'] }]);
  const abort = new AbortController();
  const unanswered = client.demand(A, 'net/10.0.0.3', abort.signal);
  abort.abort(new Error('the connection has gone'));
  await t.rejects(unanswered, { message: 'the connection has gone' });
  const closing = client.demand(A, 'net/10.0.0.4');
  client.destroy();
  await t.rejects(closing, { code: 'ERR_XDS_CLOSED' });
  await t.rejects(client.demand(A, 'x'), { code: 'ERR_XDS_CLOSED' });
});

test('closing before readiness says so to who waits', async (t) => {
  const { client, transport } = clientOf();
  transport.setReachable(false);
  client.start();
  await turn();
  await client.close();
  await t.rejects(client.ready, { code: 'ERR_XDS_CLOSED' });
  t.equal(client.state.phase, 'closed');
  t.throws(() => client.versions('type/other'), { code: 'ERR_XDS_UNKNOWN_TYPE' });
  await client.close();
});

test('connections get a turn while a large response is decoded', async (t) => {
  const { client, stream } = clientOf();
  client.start();
  const server = await stream();
  await server.heard();
  const resources = Array.from({ length: 2000 }, (_, index) => resource(`r${index}`, '1'));
  let turns = 0;
  const count = (): void => {
    turns += 1;
    if (client.state.pendingTypes.length > 0) setImmediate(count);
  };
  setImmediate(count);
  server.say({ typeUrl: A, nonce: 'n1', resources });
  await client.ready;
  t.ok(turns > 10, `${turns} turns`);
  t.equal(client.versions(A).size, 2000);
  await client.close();
});
