import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'tap';
import type { ObservationReport, ProxyDiscovery } from '../../../src/model/index.ts';
import { refusal, requestView } from '../../telemetry/observation/observed-traffic.ts';
import {
  type Fate,
  type Seen,
  type SimulatedProcess,
  simulateControllers,
} from './support/several-controllers.ts';

const all = (count: number): Seen => ({ opened: count, refusals: count, flows: count, spans: count });

const OLDER = 'ztunnel/older';
const PROXIES = ['ztunnel/node-1', OLDER];
const CONTROLLERS = 3;
/** Of one name so many processes are told apart; one that began more often than that is an endless restart. */
const MOST_RESTARTS = 3;

const proxy = fc.constantFrom(...PROXIES);
const controller = fc.nat({ max: CONTROLLERS - 1 });
const step = fc.oneof(
  fc.record({ kind: fc.constant('observe' as const), proxy, times: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 100, max: 9_000 }) }),
  fc.record({ kind: fc.constant('move' as const), proxy, to: controller }),
  fc.record({ kind: fc.constant('restart' as const), controller }),
  fc.record({ kind: fc.constant('away' as const), controller, isAway: fc.boolean() }),
  fc.record({
    kind: fc.constant('fates' as const),
    fates: fc.array(fc.constantFrom<Fate>('arrives', 'lost', 'unanswered', 'late'), { maxLength: 6 }),
  }),
  fc.record({ kind: fc.constant('replace' as const), proxy, isClean: fc.boolean() }),
);

test('whatever is lost, restarts and moves, every controller has all that living proxies saw, and nothing twice', {
  timeout: 300_000,
}, async (t) => {
  const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
    const mesh = simulateControllers(CONTROLLERS);
    const living = new Map(PROXIES.map((name) => [name, mesh.start(name, name === OLDER)]));
    const ended: SimulatedProcess[] = [];
    for (const one of steps) {
      const process = 'proxy' in one ? living.get(one.proxy) : undefined;
      if (one.kind === 'observe' && process !== undefined) mesh.observe(process, one.times);
      if (one.kind === 'advance') await mesh.clock.advance(one.ms);
      if (one.kind === 'move') mesh.connectedTo.set(one.proxy, one.to);
      if (one.kind === 'restart') mesh.restart(one.controller);
      if (one.kind === 'away') mesh.away[one.isAway ? 'add' : 'delete'](one.controller);
      if (one.kind === 'fates') mesh.fates.push(...one.fates);
      if (one.kind === 'replace' && process !== undefined && ended.length < MOST_RESTARTS) {
        if (one.isClean) void process.reporter.close();
        else process.reporter.destroy();
        ended.push(process);
        living.set(one.proxy, mesh.start(one.proxy, one.proxy === OLDER));
      }
    }
    mesh.away.clear();
    mesh.fates.length = 0;
    // As long as a proxy waits at most, and until all have agreed.
    await mesh.clock.advance(90_000);
    for (const controllerNow of mesh.controllers) {
      for (const process of living.values())
        assert.deepEqual(mesh.known(controllerNow, process), all(process.seen));
      for (const process of ended)
        for (const count of Object.values(mesh.known(controllerNow, process)))
          assert.ok(count <= process.seen, `${count} of ${process.seen}`);
    }
    for (const { reporter } of living.values()) reporter.destroy();
  });
  await t.resolves(fc.assert(property, { numRuns: Number(process.env.NODEMESH_TEST_RUNS ?? 40) }));
});

test('a controller that has just started has all that is kept within seconds, and agrees with the others from then on', async (t) => {
  const mesh = simulateControllers(2);
  const process = mesh.start('ztunnel/node-1');
  for (let second = 0; second < 60; second++) {
    mesh.observe(process, 100);
    await mesh.clock.advance(1_000);
  }
  mesh.restart(1);
  for (let second = 0; second < 10; second++) {
    mesh.observe(process, 10);
    await mesh.clock.advance(1_000);
  }
  const before = mesh.received.map((reports) => reports.length);
  for (let second = 0; second < 10; second++) {
    mesh.observe(process, 10);
    await mesh.clock.advance(1_000);
  }
  const [first = [], second = []] = mesh.received.map((reports, index) => reports.slice(before[index]));
  t.ok(first.length >= 5);
  t.same(
    first.map(({ batch: { from, upTo } }) => [from, upTo]),
    second.map(({ batch: { from, upTo } }) => [from, upTo]),
  );
  t.ok(
    first.every(({ batch }, index) => index === 0 || batch.from === first[index - 1]?.batch.upTo),
    'each goes on where the last one ended',
  );
  await mesh.clock.advance(15_000);
  for (const controllerNow of mesh.controllers) t.same(mesh.known(controllerNow, process), all(6_200));
  process.reporter.destroy();
});

test('a proxy that ends tells every controller what it has, also one that has just started', async (t) => {
  const mesh = simulateControllers(2);
  const process = mesh.start('ztunnel/node-1');
  mesh.observe(process, 10);
  await mesh.clock.advance(8_000);
  mesh.restart(1);
  mesh.observe(process, 5);
  await process.reporter.close();
  await mesh.clock.advance(10_000);
  for (const controllerNow of mesh.controllers) t.same(mesh.known(controllerNow, process), all(15));
});

test('a report is passed on once, and not by who had it from another', async (t) => {
  const mesh = simulateControllers(3);
  const process = mesh.start('ztunnel/node-1');
  await mesh.clock.advance(1_000);
  t.same(
    mesh.received.map((reports) => reports.map(({ relay }) => relay)),
    [[undefined], [{ discovery: undefined }], [{ discovery: undefined }]],
  );
  process.reporter.destroy();
});

test('how a controller stands with a proxy the others know, wherever its reports go', async (t) => {
  const mesh = simulateControllers(3);
  const process = mesh.start('ztunnel/node-1');
  const discovery = (connectedMs: number): ProxyDiscovery => ({
    ...{ atMs: mesh.clock.now(), connectedMs, version: '0.1.0', pushP50Ms: undefined, pushP99Ms: 3 },
    types: [
      {
        ...{ typeUrl: 'type', sent: '2', acknowledged: '1', acknowledgedMs: 1, behindSinceMs: 5 },
        rejection: { version: '2', message: 'no' },
      },
    ],
  });
  const told = () =>
    mesh.controllers.map(({ service }) => service.proxies().get('ztunnel/node-1')?.told?.discovery);
  // Reports go to 0 and the stream to 1.
  const known = discovery(mesh.clock.now());
  mesh.streams[1]?.set('ztunnel/node-1', known);
  await mesh.clock.advance(30_000);
  t.same(told(), [known, undefined, known]);
  // The stream moves to 0.
  mesh.streams[1]?.clear();
  const moved = discovery(mesh.clock.now());
  mesh.streams[0]?.set('ztunnel/node-1', moved);
  await mesh.clock.advance(30_000);
  t.same(told(), [undefined, moved, moved]);
  // And ends.
  mesh.streams[0]?.clear();
  await mesh.clock.advance(30_000);
  t.same(told(), [undefined, undefined, undefined]);
  process.reporter.destroy();
});

test('requests are asked for while anybody follows them at any controller', async (t) => {
  const mesh = simulateControllers(2);
  const process = mesh.start('waypoint/shop/waypoint-1');
  const seen: string[] = [];
  const unfollow = mesh.controllers[1]?.store.follow({ requestEnded: ({ path }) => seen.push(path) });
  await mesh.clock.advance(11_000);
  t.ok(process.store.isFollowed);
  process.store.requestEnded(requestView('/a'));
  await mesh.clock.advance(11_000);
  t.same(seen, ['/a']);
  unfollow?.();
  await mesh.clock.advance(11_000);
  t.notOk(process.store.isFollowed);
  process.reporter.destroy();
});

test('what one controller cannot read the others have, and it has all that comes after', async (t) => {
  const mesh = simulateControllers(2);
  const process = mesh.start('ztunnel/node-1');
  const isBad = ({ batch }: ObservationReport): boolean => batch.refusals.some(({ rule }) => rule === 41);
  mesh.unreadable[1] = isBad;
  await mesh.clock.advance(1_000);
  mesh.observe(process, 3);
  process.store.refused(refusal({ atMs: mesh.clock.now(), rule: 41 }));
  await mesh.clock.advance(1_600);
  mesh.observe(process, 5);
  await mesh.clock.advance(30_000);
  const [whole, other] = mesh.controllers.map((controllerNow) => mesh.known(controllerNow, process));
  t.same(whole, all(8));
  t.match(other, { refusals: 5, opened: 8 });
  process.reporter.destroy();
});

test('what the only controller cannot read is left out alone, and what comes after is told', async (t) => {
  const mesh = simulateControllers(1);
  const process = mesh.start('ztunnel/node-1');
  mesh.unreadable[0] = ({ batch }) => batch.refusals.some(({ rule }) => rule === 41);
  mesh.observe(process, 20);
  process.store.refused(refusal({ atMs: mesh.clock.now(), rule: 41 }));
  mesh.observe(process, 20);
  await mesh.clock.advance(120_000);
  mesh.observe(process, 1);
  await mesh.clock.advance(20_000);
  const [known] = mesh.controllers.map((controllerNow) => mesh.known(controllerNow, process));
  t.same(known, all(41));
  process.reporter.destroy();
});
