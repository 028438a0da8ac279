import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Test, test } from 'tap';
import { systemClock } from '../../src/base/index.ts';
import {
  adoptNamespace,
  closeDescriptors,
  connectPacketSocket,
  type PacketSocket,
} from '../../src/net/index.ts';

/** A peer that shares no code with us. */
interface Peer {
  readonly path: string;
  readonly process: ChildProcess;
  ask(order: Record<string, unknown>): Promise<Record<string, unknown>>;
}

async function startPeer(t: Test): Promise<Peer> {
  const directory = mkdtempSync(join(tmpdir(), 'packets-'));
  const path = join(directory, 'socket');
  const peer = spawn('python3', [join(import.meta.dirname, 'programs/packet_peer.py'), path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(async () => {
    if (peer.exitCode === null) {
      peer.kill('SIGKILL');
      await once(peer, 'close');
    }
    rmSync(directory, { recursive: true });
  });
  const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
  const answer = async () => JSON.parse((await lines.next()).value ?? '{}') as Record<string, unknown>;
  await answer();
  return {
    path,
    process: peer,
    ask(order) {
      peer.stdin.write(`${JSON.stringify(order)}\n`);
      return answer();
    },
  };
}

function connect(t: Test, peer: Peer, mostBytes = 1_024): PacketSocket {
  const socket = connectPacketSocket({ path: peer.path, mostBytes, clock: systemClock });
  t.teardown(() => socket.close());
  return socket;
}

const openDescriptors = () => new Set(readdirSync('/proc/self/fd'));
const hex = (text: string) => Buffer.from(text).toString('hex');

test('packets arrive one by one, with the descriptors that were sent along, which are closed on exec', async (t) => {
  const peer = await startPeer(t);
  const socket = connect(t, peer);
  const first = socket.receive();
  await peer.ask({ do: 'send', hex: hex('one') });
  t.same(await first, { bytes: Buffer.from('one'), descriptors: [] });
  await peer.ask({ do: 'send', hex: hex('two'), files: ['/etc/passwd', '/etc/hostname'] });
  await peer.ask({ do: 'send', hex: hex('three') });
  const second = await socket.receive();
  t.equal(second?.bytes.toString(), 'two');
  const inodes = second?.descriptors.map((descriptor) => fstatSync(descriptor).ino);
  t.same(
    inodes,
    ['/etc/passwd', '/etc/hostname'].map((file) => statSync(file).ino),
  );
  const child = spawn('ls', ['/proc/self/fd'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [listed] = await once(child.stdout, 'data');
  t.notOk(second?.descriptors.some((descriptor) => `${listed}`.split('\n').includes(`${descriptor}`)));
  closeDescriptors(second?.descriptors ?? []);
  t.equal((await socket.receive())?.bytes.toString(), 'three', 'a packet is not mixed up with the next');
  await socket.send(Buffer.from('back'), 1_000);
  t.same(await peer.ask({ do: 'receive' }), { received: hex('back') });
});

test('a packet that is too long, or has too many descriptors, is an error that leaves nothing open', async (t) => {
  const peer = await startPeer(t);
  const socket = connect(t, peer);
  await peer.ask({ do: 'send', hex: hex('warm up') });
  await socket.receive();
  const before = openDescriptors();
  const files = (count: number) => Array.from({ length: count }, () => '/etc/passwd');
  await peer.ask({ do: 'send', hex: hex('x'.repeat(1_025)), files: files(1) });
  await t.rejects(socket.receive(), { code: 'ERR_NET_PACKET_CUT' });
  await peer.ask({ do: 'send', hex: hex('many'), files: files(9) });
  await t.rejects(socket.receive(), { code: 'ERR_NET_PACKET_CUT' });
  await peer.ask({ do: 'send', hex: hex('many'), files: files(200) });
  await t.rejects(socket.receive(), { code: 'ERR_NET_PACKET_CUT' });
  t.same(openDescriptors(), before);
  await peer.ask({ do: 'send', hex: hex('x'.repeat(1_024)) });
  t.equal((await socket.receive())?.bytes.length, 1_024, 'the next packet is there, of the greatest length');
});

test('the end of the other side is the end, also of a process that was killed', async (t) => {
  const peer = await startPeer(t);
  const socket = connect(t, peer);
  await peer.ask({ do: 'send', hex: hex('last words') });
  const ended = peer.ask({ do: 'close' });
  t.equal((await socket.receive())?.bytes.toString(), 'last words');
  t.equal(await socket.receive(), undefined);
  await ended;
  await t.rejects(socket.send(Buffer.from('nobody'), 1_000), { code: 'ERR_NET_SYSTEM_CALL' });
  const again = connect(t, peer);
  await peer.ask({ do: 'send', hex: hex('again') });
  t.equal((await again.receive())?.bytes.toString(), 'again');
  const last = again.receive();
  peer.process.kill('SIGKILL');
  t.equal(await last, undefined);
});

test('who waits is told of a close, and of the time that is over', async (t) => {
  const peer = await startPeer(t);
  const socket = connect(t, peer);
  await t.rejects(socket.receive(20), { code: 'ERR_NET_PACKET_TIMEOUT' });
  const flood = async () => {
    for (;;) await socket.send(Buffer.alloc(60_000), 20);
  };
  await t.rejects(flood(), { code: 'ERR_NET_PACKET_TIMEOUT' }, 'the other end reads nothing');
  const before = openDescriptors();
  const waiting = socket.receive();
  await socket.close();
  await t.rejects(waiting, { code: 'ERR_NET_PACKET_CLOSED' });
  await t.rejects(socket.receive(), { code: 'ERR_NET_PACKET_CLOSED' });
  t.equal(openDescriptors().size, before.size - 1);
});

test('where nobody listens is an error that says so', (t) => {
  const at = (path: string) => () => connectPacketSocket({ path, mostBytes: 1, clock: systemClock });
  t.throws(at('/nowhere/at-all'), { message: /connect to \/nowhere\/at-all failed: ENOENT/ });
  t.throws(at(`/${'x'.repeat(107)}`), { message: /may have 107 bytes, got 108/ });
  t.end();
});

test('waiting takes no processor time', async (t) => {
  const peer = await startPeer(t);
  const socket = connect(t, peer);
  const waiting = socket.receive();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const before = process.resourceUsage().voluntaryContextSwitches;
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  t.ok(
    process.resourceUsage().voluntaryContextSwitches - before < 100,
    'nobody looks every few milliseconds',
  );
  await peer.ask({ do: 'send', hex: hex('at last') });
  t.equal((await waiting)?.bytes.toString(), 'at last');
});

test('only a network namespace that is not our own is taken for one of a pod', async (t) => {
  const peer = await startPeer(t);
  const socket = connect(t, peer);
  const before = openDescriptors();
  for (const [file, problem] of [
    ['/etc/passwd', /no network namespace/],
    ['/proc/self/ns/mnt', /no network namespace/],
    ['/proc/self/ns/net', /the one that this process is in/],
  ] as const) {
    await peer.ask({ do: 'send', hex: hex('a pod'), files: [file] });
    const [descriptor = -1] = (await socket.receive())?.descriptors ?? [];
    t.throws(() => adoptNamespace(descriptor, 'what came'), {
      code: 'ERR_NET_NAMESPACE_WRONG',
      message: problem,
    });
    t.throws(() => closeSync(descriptor), { code: 'EBADF' }, 'it was closed');
  }
  const left = [...openDescriptors()].filter((descriptor) => !before.has(descriptor));
  t.ok(left.length <= 1, 'nothing but the handle of our own namespace');
});
