import { test } from 'tap';
import { createClusterMesh } from '../../src/cli/running-mesh/cluster/cluster-mesh.ts';

type Args = Parameters<typeof createClusterMesh>;

test('nodes of a cluster are those that have a ztunnel; one that waits for its scheduler is on none', async (t) => {
  const ztunnelOn = (nodeName: string | undefined) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'nodemesh-system', name: `ztunnel-${nodeName}` },
    spec: nodeName === undefined ? {} : { nodeName },
  });
  const items = [ztunnelOn('node-2'), ztunnelOn(undefined), ztunnelOn('node-1'), ztunnelOn('node-2')];
  const api = { list: async () => ({ items, next: undefined }) };
  const mesh = createClusterMesh({ api } as unknown as Args[0], {} as unknown as Args[1]);
  t.same(await mesh.nodes(), ['node-1', 'node-2']);
});
