import { test } from 'tap';
import {
  createKubernetesApi,
  type KubernetesApi,
  resourceType,
} from '../../src/controller/kubernetes/index.ts';
import { createKubernetesSource } from '../../src/controller/sources/index.ts';
import { until } from '../controller/kubernetes/replica.ts';
import { needsOwnCluster, startOwnCluster } from './support/own-cluster.ts';

const CONFIG_MAPS = resourceType('v1', 'configmaps', true);

/** Names and contents, as the API server has them. */
async function truth(api: KubernetesApi): Promise<readonly string[]> {
  const { items } = await api.list({ resource: CONFIG_MAPS, namespace: 'default' });
  return items.map(({ metadata, data }) => `${metadata.name} ${JSON.stringify(data)}`).sort();
}

test('an API server that is killed and whose history is compacted meanwhile leaves the view true', {
  ...needsOwnCluster(),
}, async (t) => {
  const cluster = await startOwnCluster(t);
  const access = { kind: 'kubeconfig', file: cluster.kubeconfig } as const;
  const api = createKubernetesApi({ access });
  t.teardown(() => api.close());
  const source = createKubernetesSource({ api, kinds: ['ConfigMap'] });
  t.teardown(() => source.close());
  const view = new Map<string, string>();
  source.events.subscribe((batch) => {
    for (const event of batch) {
      if (event.type === 'delete') view.delete(event.key.replace('default/', ''));
      else if (event.object.kind === 'ConfigMap' && event.object.meta.namespace === 'default') {
        const { meta, data } = event.object;
        view.set(meta.name, JSON.stringify(Object.fromEntries(data)));
      }
    }
  });
  const seen = (): readonly string[] => [...view].map(([key, data]) => `${key} ${data}`).sort();
  const write = async (names: readonly string[], text: string): Promise<void> => {
    for (const name of names)
      await api.patch(
        { resource: CONFIG_MAPS, namespace: 'default', name },
        {
          type: 'apply',
          force: true,
          body: {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { namespace: 'default', name },
            data: { text },
          },
        },
        { fieldManager: 'test' },
      );
  };
  const agree = async (what: string): Promise<void> => {
    const expected = JSON.stringify(await truth(api));
    await until(what, () => JSON.stringify(seen()) === expected);
    t.pass(what);
  };

  await write(['stays', 'changes', 'goes'], 'before');
  await source.start();
  await agree('what was there');
  for (const round of ['first', 'second']) {
    await cluster.killApiServer();
    await cluster.compact();
    await cluster.restartApiServer();
    await write(['changes', `new-${round}`], round);
    if (round === 'first') await api.delete({ resource: CONFIG_MAPS, namespace: 'default', name: 'goes' });
    await write(['later'], round);
    await agree(`after the ${round} time away`);
  }
  t.equal(source.facts()[0]?.lists, 3, 'what it knew was too old each time, so it listed again');
  t.ok(view.has('stays'));
  t.notOk(view.has('goes'));
});
