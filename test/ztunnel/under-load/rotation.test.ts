import { once } from 'node:events';
import { connect } from 'node:tls';
import { test } from 'tap';
import { enterSandbox } from '../../support/netns.ts';
import { startLoad } from '../support/load.ts';
import { dialFrom, readAll, servePod } from '../support/programs.ts';
import { createTwoNodes } from '../support/two-nodes.ts';

const settle = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 240 })) {
  test('certificates of seconds and a root rotation under load fail nothing', async (t) => {
    const mesh = await createTwoNodes({ svidTtl: '2s' });
    try {
      const [one, two] = mesh.topology.nodes;
      const client = mesh.addPod(one, 'client');
      const server = mesh.addPod(two, 'server');
      await mesh.startProxy(one);
      await mesh.startProxy(two);
      await Promise.all([mesh.enrol(client), mesh.enrol(server)]);
      const echo = await servePod(server.pod, 8080, (socket) => void socket.pipe(socket));
      const target = { address: server.pod.v4, port: 8080 };
      const held = await dialFrom(client.pod, target.address, target.port);
      const heldAnswer = readAll(held);
      held.write('held ');
      const load = startLoad(client.pod, target);
      const serial = (): string | undefined => mesh.proxies[0]?.svids.status()[0]?.certChain[0]?.serialNumber;
      const before = serial();
      await settle(4_000);
      const { authority } = mesh.controller;
      const [old] = authority.roots();
      const added = await authority.addRoot();
      await settle(1_000);
      await authority.activateRoot(added.name);
      await settle(4_000);
      if (old !== undefined) await authority.removeRoot(old.name, { force: true });
      await settle(2_000);
      const { asked, failures } = await load.stop();
      t.comment(`${asked} connections`);
      t.same(failures, []);
      t.not(serial(), before, 'certificates were rotated');
      held.end('on');
      t.same(await heldAnswer, { text: 'held on', how: 'end' }, 'a session outlives its certificates');
      await echo.close();
    } finally {
      await mesh.close();
    }
  });

  test('a peer without a certificate of the mesh is refused, with its reason', async (t) => {
    const mesh = await createTwoNodes();
    try {
      const [one, two] = mesh.topology.nodes;
      const stranger = mesh.addPod(one, 'stranger');
      const server = mesh.addPod(two, 'server');
      await mesh.startProxy(two);
      await mesh.enrol(server);
      const socket = await dialFrom(stranger.pod, server.pod.v4, 15_008);
      const tls = connect({ socket, ALPNProtocols: ['h2'], rejectUnauthorized: false });
      const [error] = await once(tls, 'error');
      t.match(error, { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' });
      await mesh.until('recorded', () => mesh.journal.some(({ event }) => event === 'rejected'));
      t.match(mesh.journal.find(({ event }) => event === 'rejected')?.error, {
        code: 'ERR_IDENTITY_PEER_NO_CERTIFICATE',
      });
    } finally {
      await mesh.close();
    }
  });
}
