import { type Test, test } from 'tap';
import { gone } from '../../../support/kubernetes-api/api-object.ts';
import { objectOf } from './objects.ts';
import { createWorld, type World, type WorldOptions } from './world.ts';

const PODS = { resource: 'pods' };

/** A world that has started with two pods, and is closed and looked over for leaks with the test. */
async function started(t: Test, options: WorldOptions = {}): Promise<World> {
  const world = await createWorld({
    kinds: ['Pod'],
    ...options,
    prepare(fake) {
      fake.put(objectOf('Pod', 'a', 0));
      fake.put(objectOf('Pod', 'b', 1));
      options.prepare?.(fake);
    },
  });
  t.teardown(() => world.close());
  await world.source.start();
  return world;
}

const requests = ({ fake }: World, verb: string): number =>
  fake.requests.filter((request) => request.verb === verb && request.resource === 'pods').length;
const change = ({ fake }: World): void => {
  fake.put(objectOf('Pod', 'a', 3));
  fake.remove('Pod', 'shop', 'b');
  fake.put(objectOf('Pod', 'c', 2));
};

test('all that is there comes as one batch, and changes that come together as one', async (t) => {
  const world = await started(t, { kinds: ['Pod', 'Namespace', 'HTTPRoute'] });
  t.equal(world.batches.length, 1);
  t.equal(world.batches[0]?.length, 2);
  change(world);
  await world.agree();
  t.equal(world.batches.length, 2);
  t.same(world.source.problems(), []);
});

test('a watch that is cut, or ended, goes on from where it was, without a list', async (t) => {
  const world = await started(t);
  await opened(world);
  for (const how of [undefined, 'end'] as const) {
    world.fake.watches.drop(PODS, how);
    change(world);
    await world.agree();
    world.fake.put(objectOf('Pod', 'b', 1));
    await world.agree();
    await opened(world);
  }
  const whole = world.fake.requests.filter(
    ({ verb, query }) => verb === 'list' && query.get('limit') !== '1',
  );
  t.equal(whole.length, 1);
  t.ok(requests(world, 'watch') >= 3);
});

test('a version that is no longer known is answered by a list, in which deletions are found', async (t) => {
  const world = await started(t);
  await opened(world);
  await world.fake.stop();
  change(world);
  world.fake.store.compact();
  await world.fake.start();
  await world.agree();
  t.same([...world.told().keys()].sort(), ['Pod shop/a', 'Pod shop/c']);
});

test('an error within a watch is followed by what it asks for', async (t) => {
  const world = await started(t);
  await opened(world);
  world.fake.watches.hold();
  change(world);
  world.fake.watches.fail(gone());
  await world.agree();
  t.ok(world.source.facts()[0]?.lists === 2);
});

test('a watch on which nothing is heard any more is opened again', async (t) => {
  const world = await started(t);
  await opened(world);
  world.fake.watches.freeze();
  change(world);
  await world.agree();
  t.ok((world.source.facts()[0]?.watchRestarts ?? 0) >= 1);
});

test('an API server that is away deletes nothing, and is caught up with when it is back', async (t) => {
  const world = await started(t);
  await opened(world);
  await world.fake.stop();
  change(world);
  await until(() => world.source.problems().length > 0);
  t.match(world.source.problems(), [{ severity: 'error', file: 'pods', message: /stays in force/ }]);
  t.same([...world.told().keys()].sort(), ['Pod shop/a', 'Pod shop/b']);
  await world.fake.start();
  await world.agree();
  await until(() => world.source.problems().length === 0);
});

test('an API server that counts anew after a restore is listed again, whichever way it counts', async (t) => {
  const world = await started(t);
  for (const base of [10_000, 9_000_000]) {
    await opened(world);
    await world.fake.stop();
    // Also what was lost by the restore.
    world.fake.remove('Pod', 'shop', 'a');
    world.fake.store.renumber(base);
    await world.fake.start();
    await world.agree();
    world.fake.put(objectOf('Pod', 'a', 5));
    await world.agree();
  }
  t.pass('agreed after both');
});

test('a list from a replica that is behind is not believed at once', async (t) => {
  const world = await started(t);
  await opened(world);
  change(world);
  await world.agree();
  world.fake.faults.add({ verb: 'list', ...PODS }, { type: 'stale', changes: 3 }, 2);
  world.fake.watches.fail(gone());
  const before = world.batches.length;
  await until(() => (world.source.facts()[0]?.lists ?? 0) === 2);
  await world.agree();
  t.equal(world.batches.length, before, 'nothing went back in time');
});

test('events that come twice, late or out of order change nothing', async (t) => {
  for (const type of ['repeat', 'shuffle'] as const) {
    const world = await started(t, {
      prepare: (fake) => void fake.faults.add({ verb: 'watch' }, { type }),
    });
    await opened(world);
    for (let variant = 0; variant < 5; variant++) world.fake.put(objectOf('Pod', 'a', variant));
    world.fake.put(objectOf('Pod', 'd', 1));
    world.fake.remove('Pod', 'shop', 'd');
    await new Promise((resolve) => setTimeout(resolve, 30));
    await world.agree();
  }
  t.pass('agreed');
});

test('a list that takes long, is cut, is nonsense or comes in many pages is complete in the end', async (t) => {
  const world = await started(t, {
    settings: { pageSize: 1 },
    prepare(fake) {
      for (const name of ['c', 'd', 'e']) fake.put(objectOf('Pod', name, 1));
      fake.faults.add({ verb: 'list' }, { type: 'slow', ms: 20 }, 1);
      fake.faults.add({ verb: 'list' }, { type: 'truncate' }, 1);
      fake.faults.add({ verb: 'list' }, { type: 'garble' }, 1);
    },
  });
  t.equal(world.batches[0]?.length, 5);
  t.ok(requests(world, 'list') >= 5);
});

test('a list whose next page is no longer known begins anew', async (t) => {
  const world = await createWorld({ kinds: ['Pod'], settings: { pageSize: 1 } });
  t.teardown(() => world.close());
  for (const name of ['a', 'b', 'c']) world.fake.put(objectOf('Pod', name, 1));
  const hurry = world.fake.faults.add({ verb: 'list' }, { type: 'slow', ms: 40 });
  const starting = world.source.start();
  await until(() => requests(world, 'list') > 1);
  world.fake.put(objectOf('Pod', 'a', 2));
  world.fake.store.compact();
  hurry();
  await starting;
  await world.agree();
  t.equal(world.batches[0]?.length, 3);
  t.ok(requests(world, 'list') > 3);
});

test('a throttled API server is left alone for as long as it asks', async (t) => {
  const world = await createWorld({ kinds: ['Pod'] });
  t.teardown(() => world.close());
  world.fake.faults.add({ verb: 'list' }, { type: 'status', code: 429, retryAfterSeconds: 20 }, 1);
  const beforeMs = world.clock.monotonic();
  await world.source.start();
  t.ok(world.clock.monotonic() - beforeMs >= 20_000);
  t.equal(requests(world, 'list'), 2);
});

test('what somebody did not keep is brought again, and nothing else', async (t) => {
  const world = await started(t, {
    prepare: (fake) => void fake.put({ kind: 'Pod', metadata: { name: 'far', namespace: 'other' } }),
  });
  await opened(world);
  world.source.deliverAgain(new Set(['shop']));
  await until(() => world.batches.length === 2);
  t.same(
    world.batches[1]?.map((event) => event.type === 'upsert' && event.object.meta.name),
    ['a', 'b'],
  );
  t.match(world.batches[1]?.[0], { written: Function });
  change(world);
  await world.agree();
});

test('what nobody reads is no change', async (t) => {
  const world = await started(t);
  await opened(world);
  const pod = objectOf('Pod', 'a', 0);
  const noise = {
    ...pod.metadata,
    managedFields: [{ manager: 'x' }],
    annotations: { 'example.net/beat': '1' },
  };
  world.fake.put({ ...pod, metadata: noise });
  world.fake.put(objectOf('Pod', 'b', 2));
  await until(() => world.batches.length === 2);
  t.same(
    world.batches[1]?.map((event) => event.type === 'upsert' && event.object.meta.name),
    ['b'],
  );
  const [first] = world.batches[0] ?? [];
  t.ok(first?.type === 'upsert' && first.object.meta.annotations.size === 0);
});

test('a policy that cannot be understood is told with its faults, another object stays as it was', async (t) => {
  const world = await started(t, {
    kinds: ['HTTPRoute', 'AuthorizationPolicy'],
    prepare(fake) {
      fake.put(objectOf('HTTPRoute', 'r', 1));
      fake.put(objectOf('AuthorizationPolicy', 'p', 1));
    },
  });
  const route = world.told().get('HTTPRoute shop/r');
  world.fake.put({ ...objectOf('HTTPRoute', 'r', 1), spec: { hostnames: 'none' } });
  world.fake.put(objectOf('AuthorizationPolicy', 'p', 0));
  await until(() => world.told().get('AuthorizationPolicy shop/p')?.startsWith('1 ') === true);
  t.match(world.source.problems(), [
    { object: 'HTTPRoute shop/r', field: 'spec.hostnames', severity: 'error' },
    { object: 'AuthorizationPolicy shop/p', field: 'spec.rules[0].form' },
  ]);
  t.equal(world.told().get('HTTPRoute shop/r'), route);
});

async function opened({ fake }: World): Promise<void> {
  await until(() => fake.watches.size > 0);
}

async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 2_000 && !condition(); round++)
    await new Promise((resolve) => setTimeout(resolve, 5));
  if (!condition()) throw new Error('what was waited for did not come');
}
