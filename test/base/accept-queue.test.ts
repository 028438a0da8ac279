import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'tap';
import { Worker } from 'node:worker_threads';
import { closeWhenQueueIsEmpty } from '../../src/base/index.ts';

/** Connects so many times, tells when all are open, and after a while how each of them has ended. */
const CLIENTS = `
const { parentPort, workerData } = require('node:worker_threads');
const { connect } = require('node:net');
let open = 0;
const outcomes = {};
for (let index = 0; index < workerData.count; index++) {
  const socket = connect(workerData.port, '127.0.0.1');
  const end = (outcome) => {
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (Object.values(outcomes).reduce((sum, one) => sum + one) === workerData.count) parentPort.postMessage(outcomes);
  };
  socket.on('connect', () => {
    if (++open < workerData.count) return;
    Atomics.store(new Int32Array(workerData.opened), 0, 1);
    Atomics.notify(new Int32Array(workerData.opened), 0);
  });
  socket.once('data', () => { end('served'); socket.destroy(); });
  socket.once('error', (error) => end(error.code));
}`;

test('who waits in the accept queue of a listener that closes is served, and later ones are not', async (t) => {
  const served: Socket[] = [];
  const server = createServer((socket) => {
    served.push(socket);
    socket.write('hello');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const count = 50;
  const opened = new SharedArrayBuffer(4);
  const clients = new Worker(CLIENTS, { eval: true, workerData: { port, count, opened } });
  const outcomes = once(clients, 'message');
  // A stall of this thread, as long as it takes for all of them to be in the queue.
  Atomics.wait(new Int32Array(opened), 0, 0, 20_000);
  t.equal(served.length, 0, 'none of them was accepted yet');
  await closeWhenQueueIsEmpty(server);
  t.equal(server.listening, false);
  t.same(await outcomes, [{ served: count }]);
  await closeWhenQueueIsEmpty(server);
  const late = connect(port, '127.0.0.1');
  t.match((await once(late, 'error'))[0], { code: 'ECONNREFUSED' });
  await clients.terminate();
});
