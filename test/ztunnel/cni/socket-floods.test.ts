import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { type Clock, createSignal, silentLogger, systemClock } from '../../../src/base/index.ts';
import { type CniService, createCniService } from '../../../src/ztunnel/cni/cni-service.ts';
import { createArrivals } from '../../../src/ztunnel/cni/index.ts';
import { CNI_MAGIC } from '../../support/cni-peer.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const MEBIBYTE = 1024 * 1024;

interface Node {
  readonly path: string;
  readonly lines: string[];
  readonly outcomes: string[];
  readonly waiting: () => number;
  readonly service: CniService;
}

/** A node where pods of `outside` stay outside of the mesh, and nobody has told of others. */
async function startNode(t: Test, clock: Clock = systemClock): Promise<Node> {
  const path = join(temporaryFolder('cni-floods'), 'cni.sock');
  const lines: string[] = [];
  const outcomes: string[] = [];
  const changes = createSignal<void>();
  let waiting = 0;
  const never = async (): Promise<never> => {
    throw new Error('no pod is captured here');
  };
  const service = createCniService({
    path,
    knowledge: {
      node: 'node-1',
      find: () => undefined,
      isBystander: () => false,
      joins: (namespace) => (namespace === 'outside' ? false : undefined),
      isTold: true,
      isConnected: true,
    },
    arrivals: createArrivals({ open: never, isCurrent: async () => false }, () => undefined),
    changes: {
      subscribe(listener) {
        waiting += 1;
        const unsubscribe = changes.subscribe(listener);
        return () => {
          waiting -= 1;
          unsubscribe();
        };
      },
    },
    hostProc: undefined,
    clock,
    log: { ...silentLogger, warn: (message: string, fields) => lines.push(message + JSON.stringify(fields)) },
    onAnswered: (command, outcome) => outcomes.push(`${command} ${outcome}`),
  });
  await service.start(Promise.resolve());
  t.teardown(() => service.destroy());
  return { path, lines, outcomes, waiting: () => waiting, service };
}

function callBytes(variables: string, config = '{}'): Buffer {
  const head = Buffer.alloc(16);
  CNI_MAGIC.copy(head);
  head.writeUInt32LE(Buffer.byteLength(variables), 8);
  head.writeUInt32LE(Buffer.byteLength(config), 12);
  return Buffer.concat([head, Buffer.from(variables), Buffer.from(config)]);
}

function addCall(namespace: string, name = 'pod'): Buffer {
  return callBytes(`CNI_COMMAND=ADD\0CNI_ARGS=K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${name}\0`);
}

async function open(path: string): Promise<Socket> {
  const socket = connect({ path, allowHalfOpen: true });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', resolve).once('close', () => resolve()));
  return socket;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));
}

/** The code of the answer; undefined: none came. */
async function ask(path: string, bytes: Buffer): Promise<{ code: number; text: string } | undefined> {
  const socket = await open(path);
  socket.write(bytes);
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  await new Promise<void>((resolve) => socket.once('end', resolve).once('close', () => resolve()));
  socket.destroy();
  const answer = Buffer.concat(parts);
  if (answer.length < 16) return undefined;
  return { code: answer.readUInt32LE(8), text: answer.toString('utf8', 16) };
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${what} has not come true`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function expectServed(t: Test, { path }: Node): Promise<void> {
  await until('a call is answered', async () => (await ask(path, addCall('outside')))?.code === 0);
  t.ok(true, 'calls are answered');
}

const descriptors = (): number => readdirSync('/proc/self/fd').length;

test('ten thousand connections that say half of something cost their places for five seconds, and no more', async (t) => {
  const node = await startNode(t);
  const before = descriptors();
  const manners = [
    Buffer.alloc(0),
    CNI_MAGIC,
    callBytes('CNI_COMMAND=ADD\0').subarray(0, -1),
    Buffer.alloc(3, 7),
  ];
  for (let round = 0; round < 20; round++) {
    const sockets = await Promise.all(Array.from({ length: round < 19 ? 500 : 600 }, () => open(node.path)));
    sockets.forEach((socket, index) => void socket.write(manners[index % manners.length] ?? ''));
    if (round < 19) for (const socket of sockets) socket.destroy();
    else t.teardown(() => sockets.forEach((socket) => void socket.destroy()));
  }
  await expectServed(t, node);
  await until('all of the service is closed', () => descriptors() <= before + 600 + 5);
});

test('calls that wait are bounded, whoever made them is gone or not, and a pod can end all the same', async (t) => {
  const clock = createFakeClock();
  const node = await startNode(t, clock);
  for (let round = 1; round <= 6; round++) {
    const sockets = await Promise.all(Array.from({ length: 100 }, () => open(node.path)));
    sockets.forEach((socket, index) => void socket.write(addCall('unknown', `pod-${round}-${index}`)));
    await until('all wait, or are refused', () => node.waiting() + node.outcomes.length === round * 100);
    for (const socket of sockets) socket.destroy();
  }
  t.equal(node.waiting(), 512);
  t.match(await ask(node.path, addCall('outside')), { code: 1, text: /"code":11.*512 calls wait/ });
  t.match(await ask(node.path, callBytes('CNI_COMMAND=DEL\0')), { code: 0 });
  await clock.advance(5_000);
  await until('they have had their answer', () => node.waiting() === 0);
  await expectServed(t, node);
});

test('what has not come as a whole is bounded over all connections', async (t) => {
  const node = await startNode(t);
  const head = callBytes('x'.repeat(MEBIBYTE), `"${'y'.repeat(MEBIBYTE - 2)}"`);
  const gone: number[] = [];
  const sockets: Socket[] = [];
  for (let index = 0; index < 32; index++) {
    const socket = await open(node.path);
    socket.on('close', () => gone.push(index));
    socket.resume().write(head.subarray(0, 100_000));
    sockets.push(socket);
  }
  await until('there is no room for the later ones', () => gone.length >= 25);
  t.same(
    gone.slice(0, 25),
    Array.from({ length: 25 }, (_, index) => index + 7),
    'the first seven are waited for',
  );
  for (const kept of sockets) kept.destroy();
  await expectServed(t, node);
});

test('one that has its answer and goes on talking is let go', async (t) => {
  const node = await startNode(t);
  const socket = await open(node.path);
  const gone = closed(socket);
  socket.resume().write(addCall('outside'));
  const chatter = setInterval(() => socket.write('and another thing'), 100);
  t.teardown(() => clearInterval(chatter));
  await gone;
  t.same(node.outcomes, ['ADD success']);
});

test('a call that is a mebibyte of one word is answered, and logged, in few words', async (t) => {
  const node = await startNode(t);
  const long = 'x'.repeat(MEBIBYTE - 100);
  const answer = await ask(node.path, callBytes(`CNI_COMMAND=${long}\0`));
  t.match(answer, { code: 1, text: /expected CNI_COMMAND to be/ });
  t.ok((answer?.text.length ?? 0) < 3000);
  for (let index = 0; index < 150; index++) await ask(node.path, callBytes('CNI_COMMAND=WHAT\0'));
  t.equal(node.lines.length, 100, 'of 151');
  t.ok(node.lines.every((line) => line.length < 4000));
  t.equal((await ask(node.path, callBytes('', '[')))?.code, 1);
});

test('descriptors that come with a call are closed', async (t) => {
  const node = await startNode(t);
  const before = descriptors();
  const program = `
import array, os, socket, sys
for _ in range(50):
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(sys.argv[1])
    files = [os.open("/dev/null", os.O_RDONLY) for _ in range(200)]
    peer.sendmsg([b"nmcni01"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))])
    for name in files: os.close(name)
    peer.close()
`;
  const sender = spawn('python3', ['-c', program, node.path], { stdio: 'inherit' });
  const [code] = await once(sender, 'close');
  t.equal(code, 0);
  await expectServed(t, node);
  await until('none is left', () => descriptors() <= before);
  t.ok(existsSync(node.path));
});
