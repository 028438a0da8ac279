import fc from 'fast-check';
import { test } from 'tap';
import {
  type KubernetesApi,
  KubernetesError,
  type KubernetesObject,
  resourceType,
} from '../../../src/controller/kubernetes/index.ts';
import { createLeaderElection, type LeaderElection } from '../../../src/controller/leadership/index.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { silentLogger } from '../../../src/base/index.ts';

const LEASES = resourceType('coordination.k8s.io/v1', 'leases', true);

/** One Lease, with optimistic concurrency, and a network that can be cut and slow. */
function leaseServer(clock: FakeClock) {
  let stored: KubernetesObject | undefined;
  let version = 0;
  const cut = new Set<string>();
  const delays = new Map<string, number>();
  const fail = (code: KubernetesError['code']): never => {
    throw new KubernetesError({ code, message: code, retryable: true });
  };
  const pause = (ms: number): Promise<void> =>
    ms === 0 ? Promise.resolve() : new Promise((resolve) => clock.after(ms, resolve));
  const put = (object: object): KubernetesObject => {
    version += 1;
    const body = object as KubernetesObject;
    stored = { ...body, metadata: { ...body.metadata, resourceVersion: String(version) } };
    return stored;
  };
  /** Half of a delay is on the way there, half on the way back. */
  const calling =
    <A extends readonly unknown[], T>(who: string, work: (...args: A) => T) =>
    async (...args: A): Promise<T> => {
      if (cut.has(who)) return fail('ERR_KUBERNETES_UNREACHABLE');
      await pause((delays.get(who) ?? 0) / 2);
      const answer = work(...args);
      await pause((delays.get(who) ?? 0) / 2);
      if (cut.has(who)) return fail('ERR_KUBERNETES_UNREACHABLE');
      return answer;
    };
  return {
    cut,
    delays,
    spec: () => stored?.spec as Readonly<Record<string, unknown>> | undefined,
    api: (who: string): Pick<KubernetesApi, 'get' | 'create' | 'update'> => ({
      get: calling(who, () => stored ?? fail('ERR_KUBERNETES_NOT_FOUND')),
      create: calling(who, (_target: unknown, object: object) =>
        stored === undefined ? put(object) : fail('ERR_KUBERNETES_EXISTS'),
      ),
      update: calling(who, (_target: unknown, object: object) =>
        (object as KubernetesObject).metadata.resourceVersion === stored?.metadata.resourceVersion
          ? put(object)
          : fail('ERR_KUBERNETES_CONFLICT'),
      ),
    }),
  };
}

function candidates(names: readonly string[]) {
  const clock = createFakeClock();
  const server = leaseServer(clock);
  const all = new Map<string, LeaderElection>(
    names.map((identity) => {
      const election = createLeaderElection({
        api: server.api(identity),
        namespace: 'nodemesh-system',
        name: 'nodemesh-controller',
        identity,
        clock,
        log: silentLogger,
      });
      election.start();
      return [identity, election];
    }),
  );
  const leaders = () => [...all].filter(([, { leading }]) => leading).map(([name]) => name);
  return { clock, server, all, leaders };
}

test('of two candidates one leads, and renews', async (t) => {
  const { clock, server, all, leaders } = candidates(['a', 'b']);
  await clock.advance(100);
  t.equal(leaders().length, 1);
  const [first = ''] = leaders();
  await clock.advance(60_000);
  t.same(leaders(), [first]);
  t.match(server.spec(), { holderIdentity: first, leaseDurationSeconds: 8, leaseTransitions: 0 });
  t.match(server.spec()?.renewTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  for (const one of all.values()) {
    t.equal(one.holder, first);
    one.destroy();
  }
  t.equal(clock.pending, 0);
});

test('a leader that dies is followed within 15 seconds, one that ends at once', async (t) => {
  const { clock, server, all, leaders } = candidates(['a', 'b']);
  await clock.advance(5_000);
  const [first = ''] = leaders();
  all.get(first)?.destroy();
  await clock.advance(6_000);
  t.same(leaders(), [], 'its lease is respected');
  await clock.advance(7_000);
  const [second = ''] = leaders();
  t.not(second, first);
  t.match(server.spec(), { holderIdentity: second, leaseTransitions: 1 });
  const third = createLeaderElection({
    api: server.api('c'),
    namespace: 'nodemesh-system',
    name: 'nodemesh-controller',
    identity: 'c',
    clock,
    log: silentLogger,
  });
  third.start();
  await clock.advance(3_000);
  t.equal(third.leading, false);
  await all.get(second)?.close();
  t.match(server.spec(), { holderIdentity: '' });
  await clock.advance(2_000);
  t.ok(third.leading);
  third.destroy();
});

test('a leader that cannot renew stops before another may begin', async (t) => {
  const { clock, server, all, leaders } = candidates(['a', 'b']);
  await clock.advance(5_000);
  const [first = ''] = leaders();
  const told: boolean[] = [];
  all.get(first)?.changes.subscribe((leading) => told.push(leading));
  server.cut.add(first);
  await clock.advance(5_100);
  t.same(leaders(), []);
  t.same(told, [false]);
  await clock.advance(8_000);
  t.equal(leaders().length, 1);
  server.cut.delete(first);
  await clock.advance(30_000);
  t.equal(leaders().length, 1);
  t.same(told, [false], 'it does not take the lease back');
  for (const one of all.values()) one.destroy();
});

test('while the API server is away nobody leads, and afterwards one does', async (t) => {
  const { clock, server, all, leaders } = candidates(['a', 'b']);
  await clock.advance(5_000);
  for (const name of all.keys()) server.cut.add(name);
  await clock.advance(300_000);
  t.same(leaders(), []);
  server.cut.clear();
  await clock.advance(3_000);
  t.equal(leaders().length, 1);
  for (const one of all.values()) one.destroy();
});

test('there are never two leaders, whatever the network does', async (t) => {
  const step = fc.record({
    who: fc.constantFrom('a', 'b', 'c'),
    what: fc.constantFrom('cut', 'mend', 'slow', 'fast'),
    forMs: fc.integer({ min: 100, max: 12_000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const { clock, server, all, leaders } = candidates(['a', 'b', 'c']);
      const most: number[] = [];
      for (const { who, what, forMs } of steps) {
        if (what === 'cut') server.cut.add(who);
        else if (what === 'mend') server.cut.delete(who);
        else server.delays.set(who, what === 'slow' ? 4_000 : 0);
        for (let leftMs = forMs; leftMs > 0; leftMs -= 250) {
          await clock.advance(Math.min(250, leftMs));
          most.push(leaders().length);
        }
      }
      server.cut.clear();
      server.delays.clear();
      await clock.advance(25_000);
      const last = leaders().length;
      for (const one of all.values()) one.destroy();
      return Math.max(0, ...most) <= 1 && last === 1;
    }),
    { numRuns: 25 },
  );
  t.pass();
});

test('a lease that somebody has filled with nonsense is taken all the same, after a minute at most', async (t) => {
  const { clock, server, all, leaders } = candidates(['a', 'b']);
  await clock.advance(3_000);
  const [first = ''] = leaders();
  const stranger = server.api('stranger');
  const target = { resource: LEASES, namespace: 'nodemesh-system', name: 'nodemesh-controller' };
  const present = await stranger.get(target);
  await stranger.update(target, {
    ...present,
    spec: {
      holderIdentity: 'stranger',
      leaseDurationSeconds: 2_147_483_647,
      renewTime: '+275760-09-13T00:00:00.000000Z',
      acquireTime: 'yesterday',
      leaseTransitions: 2_147_483_647,
    },
  });
  await clock.advance(5_000);
  t.same(leaders(), [], `${first} gives way`);
  await clock.advance(65_000);
  const [next = ''] = leaders();
  t.ok(['a', 'b'].includes(next));
  t.match(server.spec(), { holderIdentity: next, leaseDurationSeconds: 8 });
  const { leaseTransitions } = server.spec() ?? {};
  t.ok(Number(leaseTransitions) < 2 ** 31, 'more an API server would refuse');
  for (const one of all.values()) one.destroy();
});
