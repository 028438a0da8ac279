import { test } from 'tap';
import { enterSandbox } from '../../support/netns.ts';
import { startClusterMesh, until, expectUnharmed } from './support/cluster-mesh.ts';
import { policyObject } from './support/objects.ts';

const AWAY_MS = 8_000;

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 300 })) {
  test('all controllers are killed and come back knowing nothing: nothing is dropped, and what was removed is removed', async (t) => {
    // Long enough that none ends while nobody signs.
    const mesh = await startClusterMesh({ svidTtl: '30s' });
    try {
      mesh.fake.put(policyObject('stays'));
      mesh.fake.put(policyObject('goes'));
      mesh.fake.put(podOf('goes'));
      const everyDump = async (holds: (names: readonly string[]) => boolean): Promise<boolean> =>
        (await mesh.dumps()).every(({ workloads, policies }) => holds([...workloads, ...policies]));
      await until('everything is known', () =>
        everyDump((names) => names.includes('stays') && names.filter((name) => name === 'goes').length === 2),
      );
      const traffic = await mesh.startTraffic();
      await Promise.all(mesh.controllers.map((controller) => controller.kill()));
      mesh.fake.remove('AuthorizationPolicy', 'shop', 'goes');
      mesh.fake.remove('Pod', 'shop', 'goes');
      await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
      t.ok(await everyDump((names) => names.includes('goes')), 'what is known stays in force');
      await Promise.all(mesh.controllers.map((controller) => controller.start()));
      const tookMs = await until('what was removed is gone', () =>
        everyDump((names) => !names.includes('goes')),
      );
      t.comment(`known ${tookMs} ms after the controllers served`);
      t.ok(await everyDump((names) => ['stays', 'client', 'server'].every((name) => names.includes(name))));
      await until('somebody leads', () => mesh.leader() !== undefined);
      await mesh.untilRotated();
      await expectUnharmed(t, mesh, traffic);
    } finally {
      await mesh.close();
    }
  });
}

/** A pod of a node that is not there: known to everybody, and captured by nobody. */
function podOf(name: string) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name, uid: `uid-${name}` },
    spec: { serviceAccountName: name, nodeName: 'node-9' },
    status: { phase: 'Running', podIP: '10.244.9.9', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}
