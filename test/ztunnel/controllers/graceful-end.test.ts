import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'tap';
import { enterSandbox } from '../../support/netns.ts';
import { startClusterMesh, until, expectUnharmed } from './support/cluster-mesh.ts';
import type { ControllerProcess } from './support/controllers.ts';

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 300 })) {
  test('a leader that ends under traffic is not ready first, then another leads, then its streams move: nothing fails', async (t) => {
    const mesh = await startClusterMesh({ svidTtl: '10s', shutdownDelay: '5s' });
    try {
      const leader = mesh.leader();
      const other = mesh.controllers.find((controller) => controller !== leader);
      if (leader === undefined || other === undefined) throw new Error('nobody leads');
      t.equal((await readinessOf(leader)).status, 200);
      const traffic = await mesh.startTraffic();
      const ended = leader.terminate();
      await until('it is not ready', async () => (await readinessOf(leader)).status !== 200);
      t.match((await readinessOf(leader)).text, /its end/);
      const leadsMs = await until('the other leads', () => mesh.leader() === other);
      t.ok(await takesConnections(leader), 'it still serves');
      t.equal(await ended, 0);
      const endedAtMs = performance.now();
      await until('both ztunnels are with the other', async () => (await proxiesOf(other)) === 2);
      t.comment(
        `the other led after ${leadsMs} ms; all were with it ${Math.round(performance.now() - endedAtMs)} ms after the end`,
      );
      await mesh.untilRotated();
      await expectUnharmed(t, mesh, traffic);
    } finally {
      await mesh.close();
    }
  });
}

async function readinessOf({ adminPort }: ControllerProcess) {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/healthz/ready`);
  return { status: answer.status, text: await answer.text() };
}

async function takesConnections({ port }: ControllerProcess): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** How many proxies have a stream there. */
async function proxiesOf({ adminPort }: ControllerProcess): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  return Number(/^nodemesh_controller_proxies\S* (\d+)$/m.exec(text)?.[1] ?? 0);
}
