import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { test } from 'tap';
import { runExec } from '../../src/lab/client/exec-session.ts';
import { encodeFrame, FRAME_KINDS } from '../../src/lab/exec-frames.ts';

const UPGRADED = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: nodemesh-exec\r\n\r\n';

/** One exec against a supervisor of which only the connection matters; resolves when it is over. */
async function execAgainst(
  supervise: (socket: Socket) => void,
  stdin: PassThrough,
): Promise<{ readonly running: Promise<number>; close(): void }> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => supervise(socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const running = runExec(socket, {
    namespace: 'shop',
    pod: 'client',
    container: '',
    command: ['true'],
    stdin,
    stdout: new PassThrough(),
    stderr: new PassThrough(),
  });
  return {
    running,
    close() {
      socket.destroy();
      server.close();
    },
  };
}

test('a program that has ended before its input came has ended, and no more is wrong', async (t) => {
  const stdin = new PassThrough();
  const { running, close } = await execAgainst((socket) => {
    socket.write(UPGRADED);
    socket.write(encodeFrame(FRAME_KINDS.exit, Buffer.of(3)), () => {
      socket.resetAndDestroy();
      stdin.end('late');
    });
  }, stdin);
  t.equal(await running, 3);
  close();
});

test('a supervisor that goes away while a program runs is told as that', async (t) => {
  const stdin = new PassThrough();
  const { running, close } = await execAgainst((socket) => {
    socket.write(UPGRADED, () => setTimeout(() => socket.resetAndDestroy(), 50));
  }, stdin);
  await t.rejects(running, { code: 'ERR_LAB_UNAVAILABLE', message: /broke before the program ended/ });
  close();
});
