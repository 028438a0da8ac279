import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'tap';
import { recordingClient, startTestController } from '../support/controller.ts';

test('handshakes that are left unfinished are bounded, and proxies get through meanwhile', async (t) => {
  const controller = await startTestController();
  const { port } = controller.grpcServer.address;
  const flood = Array.from({ length: 1_200 }, () =>
    net.connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' }),
  );
  for (const socket of flood) socket.on('error', () => undefined).resume();
  await Promise.all(flood.map((socket) => once(socket, 'connect')));
  const open = (): number => flood.filter((socket) => !socket.destroyed).length;
  for (let waited = 0; open() > 512 && waited < 20_000; waited += 10) await delay(10);
  t.ok(open() <= 512, `${open()} are held`);
  const grpcClient = controller.client();
  const { client } = recordingClient(grpcClient);
  client.start();
  await client.ready;
  await client.close();
  await grpcClient.close();
  for (const socket of flood) socket.destroy();
  await controller.close();
});
