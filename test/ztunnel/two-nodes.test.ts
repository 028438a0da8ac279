import { test } from 'tap';
import { enterSandbox } from '../support/netns.ts';
import { exchange, servePod } from './support/programs.ts';
import { createTwoNodes } from './support/two-nodes.ts';

if (await enterSandbox(import.meta.filename)) {
  test('a pod reaches another through the mesh, which sees its address', async (t) => {
    const mesh = await createTwoNodes();
    const [one, two] = mesh.topology.nodes;
    const client = mesh.addPod(one, 'client');
    const server = mesh.addPod(two, 'server');
    await mesh.startProxy(one);
    await mesh.startProxy(two);
    const echo = await servePod(server.pod, 8080, (socket) => {
      socket.on('data', (data) => socket.write(data));
      socket.on('end', () => socket.end(` from ${socket.remoteAddress}`));
    });
    await Promise.all([mesh.enrol(client), mesh.enrol(server)]);
    const answer = await exchange(client.pod, { address: server.pod.v4, port: 8080 }, 'hello');
    t.same(answer, { text: `hello from ::ffff:${client.pod.v4}`, how: 'end' });
    t.match(mesh.journal, [{ event: 'opened' }]);
    console.log(
      mesh.journal.map(
        (e) => `${e.node} ${e.event} ${e.details?.direction} ${e.details?.protocol} ${e.end?.error?.message}`,
      ),
    );
    await echo.close();
    await mesh.close();
  });
}
