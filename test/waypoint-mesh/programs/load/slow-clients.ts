// Many clients that take their time: `node slow-clients.ts HOST PORT COUNT HOLD_MS`. Each sends its request piece by piece, the end of it
// when all are connected, waits, and reads its answer piece by piece, too. Prints one JSON line.
import { connect } from 'node:net';

const [host = '', port = '0', countText = '0', holdMs = '0'] = process.argv.slice(2);
const count = Number(countText);
const PIECES = [
  `GET /delay?ms=${holdMs} HTTP/1.1\r\n`,
  'Host: shop\r\nX-Slow',
  ': yes\r\n',
  'Connection: close\r\n',
  '\r\n',
];
const PIECE_EVERY_MS = 500;
const READ_BYTES = 16;
const READ_EVERY_MS = 100;
/** As many at once as a server's backlog takes without dropping any. */
const OPENED_AT_ONCE = 200;
const LIMIT_MS = 240_000;

const everybody = Promise.withResolvers<void>();

const errors: Record<string, number> = {};
let connected = 0;
let served = 0;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function beSlow(opened: () => void): Promise<void> {
  const outcome = await new Promise<string>((resolve) => {
    const socket = connect({ host, port: Number(port), noDelay: true });
    let text = '';
    const timer = setTimeout(() => resolve('timeout'), LIMIT_MS);
    socket.on('connect', async () => {
      connected += 1;
      opened();
      for (const piece of PIECES.slice(0, -1)) {
        socket.write(piece);
        await pause(PIECE_EVERY_MS);
      }
      await everybody.promise;
      socket.write(PIECES.at(-1) ?? '');
    });
    socket.on('readable', () => {
      const read = (): void => {
        const piece = socket.read(Math.min(READ_BYTES, socket.readableLength)) as Buffer | null;
        if (piece === null) return;
        text += piece.toString('latin1');
        setTimeout(read, READ_EVERY_MS);
      };
      read();
    });
    const finish = (how: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(how);
    };
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? 'error'));
    socket.on('end', () =>
      finish(/^HTTP\/1\.1 200 [\s\S]*late\r?\n?/.test(text) ? 'ok' : `ended: ${text.slice(0, 20)}`),
    );
  });
  opened();
  if (outcome === 'ok') served += 1;
  else errors[outcome] = (errors[outcome] ?? 0) + 1;
}

const running: Promise<void>[] = [];
for (let started = 0; started < count; started += OPENED_AT_ONCE) {
  const batch = Array.from({ length: Math.min(OPENED_AT_ONCE, count - started) }, () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    running.push(beSlow(resolve));
    return promise;
  });
  await Promise.all(batch);
}
everybody.resolve();
await Promise.all(running);
console.log(JSON.stringify({ count, connected, served, errors }));
process.exit(0);
