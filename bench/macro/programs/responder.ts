// What every variant of the bench talks to: each kilobyte in is answered by a kilobyte out; port 9001 swallows all.
// Run as `node responder.ts`; ends on SIGTERM.
import { createServer, type Socket } from 'node:net';

export const EXCHANGE_BYTES = 1024;
const reply = Buffer.alloc(EXCHANGE_BYTES, 'r');

function answerKilobytes(socket: Socket): void {
  let pending = 0;
  socket.on('data', (chunk: Buffer) => {
    pending += chunk.length;
    for (; pending >= EXCHANGE_BYTES; pending -= EXCHANGE_BYTES) socket.write(reply);
  });
}

for (const [port, behave] of [
  [9000, answerKilobytes],
  [9001, (socket: Socket) => void socket.resume()],
] as const) {
  createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    behave(socket);
  }).listen({ port, host: '::', backlog: 4096 });
}
process.on('SIGTERM', () => process.exit(0));
