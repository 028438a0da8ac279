import { type Test, test } from 'tap';
import { enterSandbox } from '../../support/netns.ts';
import { exchange, servePod } from '../support/programs.ts';
import { createTwoNodes } from '../support/two-nodes.ts';
import { startZtunnel } from '../support/ztunnel-process.ts';

/** More than an endpoint has while there are others to try. */
const STALL_MS = 3_500;

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 300 }))
  test(
    'no connection fails because a ztunnel gets no processor for some seconds, nor when the next takes over from it',
    stall,
  );

async function stall(t: Test): Promise<void> {
  const mesh = await createTwoNodes();
  try {
    const [one, two] = mesh.topology.nodes;
    const client = mesh.addPod(one, 'client');
    const server = mesh.addPod(two, 'server');
    const others = [2, 3, 4].map((number) => mesh.addPod(one, `client-${number}`));
    const start = () =>
      startZtunnel(mesh.controller, { node: two.name, adminPort: 16_010, drainTimeout: '600s' });
    await mesh.startProxy(one);
    const older = start();
    await older.ready;
    const echo = await servePod(server.pod, 8080, (socket) => void socket.pipe(socket));
    await Promise.all([client, server, ...others].map((added) => mesh.enrol(added)));
    const ask = (from: typeof client) =>
      exchange(from.pod, { address: server.pod.v4, port: 8080 }, 'are you there?');
    const answer = { text: 'are you there?', how: 'end' };

    process.kill(older.pid, 'SIGSTOP');
    const first = ask(client);
    await new Promise((resolve) => setTimeout(resolve, STALL_MS));
    process.kill(older.pid, 'SIGCONT');
    t.same(await first, answer, 'its first session, and it took its time');

    const newer = start();
    await newer.ready;
    process.kill(older.pid, 'SIGSTOP');
    // New sessions, of which the kernel gives some to the one that has stopped.
    const waiting = others.map(ask);
    await new Promise((resolve) => setTimeout(resolve, STALL_MS));
    const ended = older.terminate();
    process.kill(older.pid, 'SIGCONT');
    t.same(
      await Promise.all(waiting),
      waiting.map(() => answer),
      'beside its successor',
    );
    t.equal(await ended, 0);
    await newer.terminate();
    await echo.close();
  } finally {
    await mesh.close();
  }
}
