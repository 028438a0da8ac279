import { test } from 'tap';
import { createMeshView } from '../../src/model/index.ts';
import { createPolicyHits } from '../../src/proxy/index.ts';
import { createNodeFacts } from '../../src/ztunnel/observation/node-facts.ts';
import { makeService, makeWorkload, serving } from '../model/mesh-fixtures.ts';

test('endpoints that get connections count as healthy, whether or not they are ready', async (t) => {
  const view = createMeshView();
  const store = makeService({ name: 'store' });
  const peers = makeService({
    name: 'store-peers',
    loadBalancing: { mode: 'unspecified', routingPreference: [], healthPolicy: 'allow-all' },
  });
  const starting = makeWorkload({ name: 'store-0', status: 'unhealthy' });
  const services = new Map([...serving(starting, store).services, ...serving(starting, peers).services]);
  view.apply({ upsertServices: [store, peers], upsertWorkloads: [{ ...starting, services }] });
  const facts = createNodeFacts({
    ...{ node: 'node-1', version: '0.1.0', trustDomain: 'cluster.local', startedMs: 0, meshUrl: () => '' },
    ...{ view, pods: () => [], ledger: { share: () => () => undefined }, clock: { now: () => 0 } },
    svids: { status: () => [], peek: () => undefined },
    hits: createPolicyHits(),
  });
  t.match(
    facts.services().map(({ name, endpoints }) => ({ name, endpoints })),
    [
      { name: 'store', endpoints: { healthy: 0, total: 1 } },
      { name: 'store-peers', endpoints: { healthy: 1, total: 1 } },
    ],
  );
});
