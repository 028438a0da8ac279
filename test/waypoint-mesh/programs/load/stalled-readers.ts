// Readers that never read: `node stalled-readers.ts HOST PORT COUNT BYTES`. Asks for COUNT large answers and leaves them, while a
// client beside them asks for small ones. Prints one JSON line.
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';

const [host = '', port = '0', count = '0', bytes = '0'] = process.argv.slice(2);
const STALL_MS = 4000;
const SMALL_REQUESTS = 50;

const stalled = Array.from({ length: Number(count) }, () => {
  const socket = connect({ host, port: Number(port) });
  socket.on('error', () => socket.destroy());
  socket.pause();
  socket.write(`GET /download?bytes=${bytes} HTTP/1.1\r\nHost: shop\r\n\r\n`);
  return socket;
});
await new Promise((settle) => setTimeout(settle, STALL_MS));
let served = 0;
let slowestMs = 0;
for (let turn = 0; turn < SMALL_REQUESTS; turn++) {
  const startedMs = performance.now();
  const attempt = request({ host, port, path: '/status', agent: false });
  attempt.end();
  const [response] = (await once(attempt, 'response')) as [{ statusCode: number; resume(): void }];
  response.resume();
  if (response.statusCode === 200) served += 1;
  slowestMs = Math.max(slowestMs, performance.now() - startedMs);
}
const open = stalled.filter((socket) => !socket.destroyed).length;
// A reset: what nobody reads would otherwise stay in the kernel's memory.
for (const socket of stalled) socket.resetAndDestroy();
console.log(JSON.stringify({ open, served, slowestMs: Math.round(slowestMs) }));
process.exit(0);
