import { test } from 'tap';
import { createMeshView } from '../../src/model/index.ts';
import { createOwnWorkload } from '../../src/waypoint/own-workload.ts';
import { ip, keyOf, makeService, makeWorkload, serving } from '../model/mesh-fixtures.ts';

test('a replica is the workload that has its address, not just any of the waypoint’s', async (t) => {
  const service = makeService({ name: 'waypoint' });
  const view = createMeshView();
  const own = createOwnWorkload(view, keyOf(service), new Set(['10.0.0.2']));
  t.equal(own(), undefined);
  const first = serving(makeWorkload({ name: 'waypoint-1', addresses: [ip('10.0.0.1')] }), service);
  view.apply({ upsertServices: [service], upsertWorkloads: [first] });
  t.equal(own()?.name, 'waypoint-1', 'another replica does until ours is told');
  const second = serving(makeWorkload({ name: 'waypoint-2', addresses: [ip('10.0.0.2')] }), service);
  view.apply({ upsertWorkloads: [second] });
  t.equal(own()?.name, 'waypoint-2');
  t.equal(own(), own());
  view.apply({ upsertWorkloads: [{ ...second, node: 'elsewhere' }] });
  t.equal(own()?.node, 'elsewhere');
});
