import { test } from 'tap';
import { enterSandbox } from '../../support/netns.ts';
import { startLoad } from '../support/load.ts';
import { dialFrom, exchange, readAll, servePod } from '../support/programs.ts';
import { createTwoNodes } from '../support/two-nodes.ts';
import { startZtunnel } from '../support/ztunnel-process.ts';

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 500 })) {
  test('a killed proxy stops traffic, and a new one serves again without the controller', async (t) => {
    const mesh = await createTwoNodes();
    try {
      const [one, two] = mesh.topology.nodes;
      const client = mesh.addPod(one, 'client');
      const server = mesh.addPod(two, 'server');
      const target = { address: server.pod.v4, port: 8080 };
      await mesh.startProxy(two);
      let proxy = startZtunnel(mesh.controller, { node: one.name, adminPort: 16_000 });
      const echo = await servePod(server.pod, 8080, (socket) => {
        socket.pipe(socket);
      });
      await Promise.all([mesh.enrol(client), mesh.enrol(server)]);
      await proxy.ready;
      t.same(await exchange(client.pod, target, 'one'), { text: 'one', how: 'end' });
      const dump = (await (await fetch('http://127.0.0.1:16000/config_dump')).json()) as {
        workloadState: Record<string, { state: string }>;
      };
      t.equal(dump.workloadState[client.workload.uid]?.state, 'Up');
      t.match(
        await (await fetch('http://127.0.0.1:16001/metrics')).text(),
        /istio_tcp_connections_opened_total\{/,
      );
      t.equal((await fetch('http://127.0.0.1:16002/healthz/ready')).status, 200);
      // The state file is written a second after the last change.
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await mesh.controller.stop();
      await proxy.kill();
      await t.rejects(dialFrom(client.pod, target.address, target.port), 'never in the clear');
      proxy = startZtunnel(mesh.controller, { node: one.name, adminPort: 16_000 });
      const readyMs = await proxy.ready;
      t.comment(`ready again after ${Math.round(readyMs)} ms`);
      t.same(await exchange(client.pod, target, 'two'), { text: 'two', how: 'end' });
      await mesh.controller.start();
      const ended = proxy.ended;
      await fetch('http://127.0.0.1:16000/quitquitquit', { method: 'POST' });
      t.equal(await ended, 0, 'it may also be asked to end by its admin port');
      await echo.close();
    } finally {
      await mesh.close();
    }
  });

  test('ten hand-overs between generations under load lose no connection, and old ones live on', async (t) => {
    const mesh = await createTwoNodes();
    try {
      const [one, two] = mesh.topology.nodes;
      const client = mesh.addPod(one, 'client');
      const server = mesh.addPod(two, 'server');
      const target = { address: server.pod.v4, port: 8080 };
      const echo = await servePod(server.pod, 8080, (socket) => {
        socket.pipe(socket);
      });
      const generation = () => ({
        client: startZtunnel(mesh.controller, { node: one.name, adminPort: 16_000, drainTimeout: '600s' }),
        server: startZtunnel(mesh.controller, { node: two.name, adminPort: 16_010, drainTimeout: '600s' }),
      });
      let current = generation();
      await Promise.all([mesh.enrol(client), mesh.enrol(server)]);
      await Promise.all([current.client.ready, current.server.ready]);
      const held = await dialFrom(client.pod, target.address, target.port);
      const heldAnswer = readAll(held);
      held.write('held through ');
      const load = startLoad(client.pod, target);
      const ends: Promise<number | null>[] = [];
      for (let handOver = 0; handOver < 10; handOver++) {
        const next = generation();
        await Promise.all([next.client.ready, next.server.ready]);
        ends.push(current.client.terminate(), current.server.terminate());
        current = next;
      }
      held.end('ten');
      t.same(await heldAnswer, { text: 'held through ten', how: 'end' });
      const { asked, failures } = await load.stop();
      t.comment(`${asked} connections`);
      t.same(failures, []);
      ends.push(current.client.terminate(), current.server.terminate());
      t.same(
        await Promise.all(ends),
        ends.map(() => 0),
      );
      await echo.close();
    } finally {
      await mesh.close();
    }
  });
}
