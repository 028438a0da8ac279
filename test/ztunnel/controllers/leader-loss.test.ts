import { test } from 'tap';
import { enterSandbox } from '../../support/netns.ts';
import { startClusterMesh, until, expectUnharmed } from './support/cluster-mesh.ts';
import { policyObject, hasStatus } from './support/objects.ts';

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 300 })) {
  test('the leader is killed under traffic: no connection fails, no certificate is refused, another writes', async (t) => {
    const mesh = await startClusterMesh({ svidTtl: '10s' });
    try {
      const leader = mesh.leader();
      if (leader === undefined) throw new Error('nobody leads');
      const traffic = await mesh.startTraffic();
      await leader.kill();
      mesh.fake.put(policyObject('after'));
      const tookMs = await until('what another leader writes', () => hasStatus(mesh.fake, 'after'));
      t.comment(`another leader has written ${tookMs} ms after the kill`);
      t.not(mesh.leader()?.instance, leader.instance);
      await mesh.untilRotated();
      await expectUnharmed(t, mesh, traffic);
    } finally {
      await mesh.close();
    }
  });
}
