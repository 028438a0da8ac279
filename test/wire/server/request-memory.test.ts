import { type Test, test } from 'tap';
import { createRequestGatherer } from '../../../src/wire/server/requests/request-gatherer.ts';
import { handBack } from '../../../src/wire/server/requests/handed-over.ts';
import {
  createRequestMemory,
  type RequestLease,
  type RequestMemory,
} from '../../../src/wire/server/requests/request-memory.ts';
import { frameMessage } from '../../../src/wire/grpc/message-framing.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';

const MEBIBYTE = 1024 * 1024;

function memoryOf(limits: { maxBytes?: number; maxBytesPerCaller?: number } = {}): {
  readonly memory: RequestMemory;
  readonly clock: FakeClock;
} {
  const clock = createFakeClock();
  const memory = createRequestMemory({
    maxBytes: limits.maxBytes ?? 8 * MEBIBYTE,
    maxBytesPerCaller: limits.maxBytesPerCaller ?? 8 * MEBIBYTE,
    clock,
  });
  return { memory, clock };
}

/** A call whose bytes come as the test wants. */
function callOf(
  { memory, clock }: { readonly memory: RequestMemory; readonly clock: FakeClock },
  options: { readonly caller?: string; readonly reuse?: boolean } = {},
) {
  const events: string[] = [];
  const gatherer = createRequestGatherer({
    ...{ memory, clock, maxBytes: 4 * MEBIBYTE, reuse: options.reuse ?? true },
    caller: () => options.caller ?? 'node-1',
    pause: () => events.push('paused'),
    resume: () => events.push('resumed'),
    refuse: (error) => events.push(`${error.code}: ${error.message}`),
  });
  return { gatherer, events };
}

const long = (letter: string, bytes = 2 * MEBIBYTE): Buffer => frameMessage([Buffer.alloc(bytes, letter)]);

function sameMessages(t: Test, got: readonly Buffer[], expected: readonly Buffer[]): void {
  t.equal(got.length, expected.length);
  for (const [index, message] of expected.entries()) t.ok(got[index]?.equals(message));
}

test('messages are the same however their bytes come', (t) => {
  const messages = [
    frameMessage([Buffer.from('a')]),
    long('b'),
    frameMessage([]),
    long('c'),
    long('d', 70_000),
  ];
  const all = Buffer.concat(messages);
  for (const piece of [1_000_003, 65_536, 16_384, 4093]) {
    const { gatherer } = callOf(memoryOf({ maxBytes: 64 * MEBIBYTE }));
    const got: Buffer[] = [];
    for (let at = 0; at < all.length; at += piece)
      for (const message of gatherer.write(all.subarray(at, at + piece))) got.push(Buffer.from(message));
    sameMessages(t, got, messages);
  }
  const bytewise = callOf(memoryOf()).gatherer;
  const short = Buffer.concat([
    frameMessage([Buffer.from('abc')]),
    frameMessage([]),
    frameMessage([Buffer.from('d')]),
  ]);
  const got = Array.from(short, (byte) => bytewise.write(Buffer.from([byte]))).flat();
  t.same(
    got.map((message) => message.subarray(5).toString()),
    ['abc', '', 'd'],
  );
  t.end();
});

test('a long request waits unread until there is room for it, and goes on where it was', (t) => {
  const world = memoryOf({ maxBytes: 3 * MEBIBYTE });
  const first = callOf(world);
  const second = callOf(world, { caller: 'node-2' });
  const message = long('a');
  t.same(first.gatherer.write(message.subarray(0, 1000)), []);
  t.same(second.gatherer.write(message.subarray(0, 1000)), []);
  t.same(second.events, ['paused']);
  t.equal(world.memory.waiting, 1);
  const [gathered = Buffer.alloc(0)] = first.gatherer.write(message.subarray(1000));
  t.ok(gathered.equals(message));
  t.same(second.events, ['paused'], 'nobody has read it yet');
  handBack(gathered.subarray(5));
  t.same(second.events, ['paused', 'resumed']);
  sameMessages(t, second.gatherer.write(message.subarray(1000)), [message]);
  t.end();
});

test('memory is used again once its message has been read, unless somebody may still hold on to it', (t) => {
  const world = memoryOf();
  const buffers: ArrayBufferLike[] = [];
  for (const reuse of [true, true, false, false]) {
    const { gatherer } = callOf(world, { reuse });
    const [message = Buffer.alloc(0)] = gatherer.write(long('a'));
    buffers.push(message.buffer);
    handBack(message);
    gatherer.destroy();
    t.equal(world.memory.leasedBytes, 0);
  }
  t.equal(buffers[1], buffers[0]);
  t.equal(buffers[2], buffers[0]);
  t.not(buffers[3], buffers[0], 'what one of them kept may still be read');
  const { gatherer } = callOf(world);
  const [unread = Buffer.alloc(0)] = gatherer.write(long('b'));
  gatherer.destroy();
  t.equal(world.memory.leasedBytes, 0, 'a call that is over holds nothing');
  const [next = Buffer.alloc(0)] = callOf(world).gatherer.write(long('c'));
  t.not(next.buffer, unread.buffer);
  world.memory.destroy();
  t.end();
});

test('one caller sends only so much at a time, over all of its calls; others are not concerned', (t) => {
  const world = memoryOf({ maxBytes: 64 * MEBIBYTE, maxBytesPerCaller: 5 * MEBIBYTE });
  const calls = Array.from({ length: 3 }, () => callOf(world));
  for (const { gatherer } of calls) gatherer.write(long('a').subarray(0, 10));
  t.same(calls[1]?.events, []);
  t.match(calls[2]?.events, [/ERR_WIRE_EXHAUSTED: a caller may be sending requests of 5242880 bytes in all/]);
  const other = callOf(world, { caller: 'node-2' });
  sameMessages(t, other.gatherer.write(long('b')), [long('b')]);
  calls[0]?.gatherer.destroy();
  const again = callOf(world);
  sameMessages(t, again.gatherer.write(long('c')), [long('c')]);
  const announced = callOf(world, { caller: 'node-3' });
  const many = Array.from({ length: 6 }, () => callOf(world, { caller: 'node-3' }));
  for (const { gatherer } of [announced, ...many])
    gatherer.write(frameMessage([Buffer.alloc(MEBIBYTE - 10)]).subarray(0, 9));
  t.match(many.at(-1)?.events, [/ERR_WIRE_EXHAUSTED/], 'short ones count as well');
  t.end();
});

test('who announces a long request and does not send it makes room for others after half a minute', async (t) => {
  const world = memoryOf({ maxBytes: 3 * MEBIBYTE });
  const slow = callOf(world);
  slow.gatherer.write(long('a').subarray(0, 1000));
  const waiting = callOf(world, { caller: 'node-2' });
  waiting.gatherer.write(long('b').subarray(0, 1000));
  await world.clock.advance(29_000);
  t.same(slow.events, []);
  await world.clock.advance(2_000);
  t.match(slow.events, [/ERR_WIRE_SLOW_CLIENT/]);
  t.same(waiting.events, ['paused', 'resumed']);
  t.same(slow.gatherer.write(long('a').subarray(1000)), [], 'nothing of it is taken any more');
  t.end();
});

test('who gives up waiting lets those behind it in', (t) => {
  const { memory } = memoryOf({ maxBytes: 3 * MEBIBYTE });
  const given: RequestLease[] = [];
  memory.lease(2 * MEBIBYTE, (lease) => given.push(lease));
  const giveUp = memory.lease(3 * MEBIBYTE, (lease) => given.push(lease));
  memory.lease(MEBIBYTE, (lease) => given.push(lease));
  t.equal(given.length, 1, 'in the order in which they came');
  giveUp();
  t.equal(given.length, 2);
  t.equal(memory.leasedBytes, 3 * MEBIBYTE);
  given[0]?.release();
  given[0]?.release();
  t.equal(memory.leasedBytes, MEBIBYTE, 'twice is once');
  memory.destroy();
  t.end();
});

test('a request that is longer than all room comes alone', (t) => {
  const { memory } = memoryOf({ maxBytes: MEBIBYTE });
  let alone = false;
  memory.lease(5 * MEBIBYTE, () => {
    alone = true;
  });
  t.ok(alone);
  memory.destroy();
  t.end();
});
