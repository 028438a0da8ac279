import { test } from 'tap';
import { gone } from '../../../support/kubernetes-api/api-object.ts';
import { eventually } from '../../../kubernetes/support/kubectl.ts';
import { objectOf } from './objects.ts';
import { createWorld } from './world.ts';

for (const how of ['circle', 'empty', 'more'] as const)
  test(`a list that never ends (${how}) is given up and said, and nothing of it counts`, async (t) => {
    const world = await createWorld({
      kinds: ['Pod'],
      // Each page is asked for in time, also where the machine has much else to do.
      times: 20,
      settings: { mostObjects: 1_000 },
      prepare: (fake) => void fake.put(objectOf('Pod', 'a', 0)),
    });
    t.teardown(() => world.close());
    await world.source.start();
    await eventually('a watch', () => world.fake.watches.size > 0);
    const heal = world.fake.faults.add({ verb: 'list', resource: 'pods' }, { type: 'endless', how });
    world.fake.watches.hold();
    world.fake.put(objectOf('Pod', 'b', 1));
    world.fake.watches.fail(gone());
    await eventually('a problem', () => world.source.problems().length > 0);
    t.match(world.source.problems(), [{ severity: 'error', message: /expected .*, got/ }]);
    t.equal(world.batches.length, 1, 'nothing was told');
    heal();
    await world.agree();
    t.same(world.source.problems(), []);
  });
