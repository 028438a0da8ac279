import { test } from 'tap';
import { createBufferBudget } from '../../../src/base/index.ts';
import {
  ErrorCode,
  encodeSettings,
  encodeWindowUpdate,
  FrameType,
  SETTINGS_ACK,
} from '../../../src/http/http2/frame/index.ts';
import type { HeaderField } from '../../../src/http/http2/hpack/index.ts';
import { ObedientPeer } from './support/obedient-peer.ts';
import { data, faultCode, openDialogue, recordingSink, type WireFrame } from './support/scripted-peer.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const CONNECT: readonly HeaderField[] = [
  [':method', 'CONNECT'],
  [':authority', '10.0.0.1:80'],
];

function updates(frames: readonly WireFrame[], streamId: number): number {
  let sum = 0;
  for (const sent of frames)
    if (sent.type === FrameType.WINDOW_UPDATE && sent.streamId === streamId)
      sum += sent.payload.readUInt32BE(0);
  return sum;
}

function dataBytes(frames: readonly WireFrame[], streamId: number): number {
  let sum = 0;
  for (const sent of frames)
    if (sent.type === FrameType.DATA && sent.streamId === streamId) sum += sent.length;
  return sum;
}

function initialWindows(frames: readonly WireFrame[]): number[] {
  return frames
    .filter((sent) => sent.type === FrameType.SETTINGS && sent.length > 0)
    .map((sent) => sent.payload.readUInt32BE(2));
}

test('nothing is sent beyond the windows of stream and connection', async (t) => {
  const dialogue = openDialogue({ role: 'client' });
  const { connection } = dialogue;
  const first = connection.request(CONNECT, recordingSink());
  const second = connection.request(CONNECT, recordingSink());
  let written = 0;
  const write = (stream: typeof first, length: number): void =>
    connection.write(stream, [{ bytes: Buffer.alloc(length), done: () => (written += length) }]);
  write(first, 60_000);
  write(second, 60_000);
  const sent = dialogue.sent();
  t.equal(dataBytes(sent, 1) + dataBytes(sent, 3), 65_535, 'the connection window is 65,535 at first');
  t.equal(written, 0, 'they took turns, so both wait');
  dialogue.send(encodeWindowUpdate(0, 1_000_000));
  const more = dialogue.sent();
  t.equal(dataBytes(sent, 3) + dataBytes(more, 3), 60_000);
  write(first, 60_000);
  t.equal(dataBytes(dialogue.sent(), 1), 5_535, 'the stream window is spent');
  t.equal(dialogue.connection.hasWork, false);
  dialogue.send(encodeWindowUpdate(1, 10));
  t.equal(dataBytes(dialogue.sent(), 1), 10);
  dialogue.send(encodeSettings([[4, 1_000_000]]));
  t.equal(dataBytes(dialogue.sent(), 1), 60_000 - 5_545);
});

test('a smaller initial window may make a window negative, and it recovers', async (t) => {
  const dialogue = openDialogue({ role: 'client' });
  const stream = dialogue.connection.request(CONNECT, recordingSink());
  dialogue.connection.write(stream, [{ bytes: Buffer.alloc(50_000), done: undefined }]);
  t.equal(dataBytes(dialogue.sent(), 1), 50_000);
  dialogue.send(encodeSettings([[4, 10_000]]));
  dialogue.connection.write(stream, [{ bytes: Buffer.alloc(100), done: undefined }]);
  dialogue.send(encodeWindowUpdate(1, 40_000));
  t.equal(dataBytes(dialogue.sent(), 1), 0, 'still at zero');
  dialogue.send(encodeWindowUpdate(1, 60));
  t.equal(dataBytes(dialogue.sent(), 1), 60);
});

test('an end needs no window', async (t) => {
  const dialogue = openDialogue({ role: 'client' });
  const stream = dialogue.connection.request(CONNECT, recordingSink());
  dialogue.connection.write(stream, [{ bytes: Buffer.alloc(65_535), done: undefined }]);
  dialogue.sent();
  let ended = false;
  dialogue.connection.end(stream, () => {
    ended = true;
  });
  t.match(dialogue.sent(), [{ type: FrameType.DATA, length: 0, flags: 1 }]);
  t.equal(ended, true);
});

test('an end needs no window that is positive either', { timeout: 10_000 }, async (t) => {
  const dialogue = openDialogue({ role: 'client' });
  const stream = dialogue.connection.request(CONNECT, recordingSink());
  dialogue.connection.write(stream, [{ bytes: Buffer.alloc(50_000), done: undefined }]);
  dialogue.sent();
  dialogue.send(encodeSettings([[4, 10_000]]));
  dialogue.sent();
  t.equal(stream.sendWindow, -40_000);
  dialogue.connection.end(stream, () => undefined);
  t.match(dialogue.sent(), [{ type: FrameType.DATA, length: 0, flags: 1 }]);
  t.equal(stream.localEnded, true);
  t.equal(dialogue.connection.hasWork, false);
});

test('a write of no bytes is done at once, or with those before it', async (t) => {
  const dialogue = openDialogue({ role: 'client' });
  const stream = dialogue.connection.request(CONNECT, recordingSink());
  const done: string[] = [];
  const write = (name: string, length: number): void =>
    dialogue.connection.write(stream, [{ bytes: Buffer.alloc(length), done: () => done.push(name) }]);
  write('nothing', 0);
  t.same(done, ['nothing']);
  write('all that may be sent and more', 65_536);
  write('nothing behind it', 0);
  dialogue.sent();
  t.same(done, ['nothing'], 'in order');
  dialogue.send(encodeWindowUpdate(0, 1), encodeWindowUpdate(1, 1));
  t.equal(dataBytes(dialogue.sent(), 1), 1);
  t.same(done, ['nothing', 'all that may be sent and more', 'nothing behind it']);
});

test('streams take turns, and small writes share a frame', async (t) => {
  const dialogue = openDialogue({ role: 'client' });
  dialogue.send(
    encodeWindowUpdate(0, 16 * MIB),
    encodeSettings([
      [4, 4 * MIB],
      [5, MIB],
    ]),
  );
  const bulk = dialogue.connection.request(CONNECT, recordingSink());
  const small = dialogue.connection.request(CONNECT, recordingSink());
  dialogue.connection.write(bulk, [{ bytes: Buffer.alloc(MIB), done: undefined }]);
  for (let index = 0; index < 10; index++)
    dialogue.connection.write(small, [{ bytes: Buffer.alloc(100), done: undefined }]);
  const frames = dialogue.sent().filter((sent) => sent.type === FrameType.DATA);
  t.match(frames.slice(0, 2), [
    { streamId: 1, length: 64 * KIB },
    { streamId: 3, length: 1000 },
  ]);
  t.equal(dataBytes(frames, 1), MIB);
});

test('no more goes out than the socket takes', async (t) => {
  const dialogue = openDialogue({ role: 'client' });
  dialogue.send(encodeWindowUpdate(0, 16 * MIB), encodeSettings([[4, 4 * MIB]]));
  const stream = dialogue.connection.request(CONNECT, recordingSink());
  dialogue.connection.write(stream, [{ bytes: Buffer.alloc(MIB), done: undefined }]);
  t.ok(dataBytes(dialogue.sent(100_000), 1) < 200_000);
  t.equal(dialogue.connection.hasWork, true);
});

test('a reader that keeps up gets its window back, and the connection does whoever reads', async (t) => {
  const dialogue = openDialogue({ role: 'server' });
  dialogue.send(dialogue.connect(1), dialogue.connect(3));
  const stalled = dialogue.requests[1];
  if (stalled !== undefined) stalled.sink.stalled = true;
  for (let index = 0; index < 12; index++) dialogue.send(data(1, MIB));
  for (let index = 0; index < 3; index++) dialogue.send(data(3, MIB));
  const sent = dialogue.sent();
  t.ok(updates(sent, 1) >= 10 * MIB);
  t.equal(updates(sent, 3), 0, 'a stalled one does not');
  t.ok(updates(sent, 0) >= 7 * MIB);
});

test('DATA beyond a stream window cuts the stream, beyond the connection window the session', async (t) => {
  const dialogue = openDialogue({ role: 'server' });
  dialogue.send(dialogue.connect(1));
  const [request] = dialogue.requests;
  if (request !== undefined) request.sink.stalled = true;
  for (let index = 0; index < 4; index++) dialogue.send(data(1, MIB));
  dialogue.sent();
  dialogue.send(data(1, 1));
  t.match(dialogue.sent(), [
    { type: FrameType.RST_STREAM, payload: Buffer.of(0, 0, 0, ErrorCode.FLOW_CONTROL_ERROR) },
  ]);
  const narrow = openDialogue({ role: 'server', config: { connectionWindowBytes: 65_535 } });
  narrow.send(narrow.connect(1));
  t.equal(
    faultCode(() => narrow.send(data(1, 70_000))),
    ErrorCode.FLOW_CONTROL_ERROR,
  );
});

test('many stalled streams shrink the windows, a live one keeps its own, and they widen again', async (t) => {
  const account = createBufferBudget().account();
  const dialogue = openDialogue({ role: 'server', account });
  const streams = Array.from({ length: 21 }, (_, index) => index * 2 + 1);
  for (const id of streams) dialogue.send(dialogue.connect(id));
  t.same(initialWindows(dialogue.sent()), [2 * MIB, MIB, 512 * KIB], 'all fit the connection window');
  dialogue.send(SETTINGS_ACK, SETTINGS_ACK, SETTINGS_ACK);
  for (const { sink, stream } of dialogue.requests) sink.stalled = stream.id !== 1;
  for (const id of streams.slice(1)) dialogue.send(data(id, 256 * KIB));
  t.same(initialWindows(dialogue.sent()), [64 * KIB], 'pressed');
  dialogue.send(SETTINGS_ACK);
  t.ok((dialogue.requests[1]?.stream.receiveWindow ?? 0) < 0, 'a stalled stream may send nothing');
  let credited = 64 * KIB;
  for (let index = 0; index < 200; index++) {
    dialogue.send(data(1, 32 * KIB));
    credited += updates(dialogue.sent(), 1) - 32 * KIB;
    t.ok(credited >= 32 * KIB, 'the live stream may always go on');
  }
  t.ok(credited > 2 * MIB, 'and has its full window back');
  for (const { sink, stream } of dialogue.requests) {
    sink.unread = 0;
    sink.stalled = false;
    dialogue.connection.read(stream, 0);
  }
  t.same(initialWindows(dialogue.sent()), [512 * KIB], 'relaxed');
  t.equal(account.usedBytes, 0);
  dialogue.send(SETTINGS_ACK);
  for (const id of streams) dialogue.send(data(id, 60 * KIB));
  t.equal(
    dialogue.requests.every(({ stream }) => !stream.closed),
    true,
  );
});

test('a stream that had spent more than its new window holds may send again once that is in effect', async (t) => {
  const dialogue = openDialogue({ role: 'server' });
  dialogue.send(dialogue.connect(1));
  dialogue.send(data(1, MIB));
  t.equal(updates(dialogue.sent(), 1), 0, 'less than half of 4 MiB is not given back yet');
  for (let id = 3; id < 200; id += 2) dialogue.send(dialogue.connect(id));
  for (const _ of initialWindows(dialogue.sent())) dialogue.send(SETTINGS_ACK);
  t.equal(dialogue.requests[0]?.stream.receiveWindow, 128 * KIB);
  t.equal(updates(dialogue.sent(), 1), MIB);
  dialogue.send(data(1, 128 * KIB));
  t.equal(dialogue.requests[0]?.stream.closed, false);
});

test('a stream that lived on a window that had grown may send again when that shrinks', async (t) => {
  const dialogue = openDialogue({ role: 'server' });
  const openUpTo = (last: number): void => {
    for (let id = (dialogue.requests.at(-1)?.stream.id ?? -1) + 2; id <= last; id += 2)
      dialogue.send(dialogue.connect(id));
    acknowledge();
  };
  const acknowledge = (): void => {
    for (let windows = 1; windows > 0; ) {
      windows = initialWindows(dialogue.sent()).length;
      for (let index = 0; index < windows; index++) dialogue.send(SETTINGS_ACK);
    }
  };
  openUpTo(199);
  for (const { stream } of dialogue.requests.slice(1)) dialogue.connection.reset(stream, ErrorCode.CANCEL);
  openUpTo(201);
  const [first] = dialogue.requests;
  t.equal(first?.stream.receiveWindow, 4 * MIB);
  for (let sent = 0; sent < 3 * MIB; sent += KIB) dialogue.send(data(1, KIB));
  openUpTo(401);
  t.ok((first?.stream.receiveWindow ?? 0) >= 64 * KIB, `${first?.stream.receiveWindow}`);
});

test('a peer may end a stream whose window is below zero', async (t) => {
  const dialogue = openDialogue({ role: 'server' });
  dialogue.send(dialogue.connect(1));
  const [request] = dialogue.requests;
  if (request === undefined) throw new Error('a request was sent');
  request.sink.stalled = true;
  dialogue.send(data(1, MIB));
  for (let id = 3; id < 200; id += 2) dialogue.send(dialogue.connect(id));
  for (const _ of initialWindows(dialogue.sent())) dialogue.send(SETTINGS_ACK);
  t.ok(request.stream.receiveWindow < 0);
  dialogue.send(data(1, 0, true));
  t.equal(request.sink.events.at(-1), 'end');
});

test('unread bytes count when a smaller window is in effect, and who gave a body up is given nothing', async (t) => {
  const dialogue = openDialogue({ role: 'server' });
  dialogue.send(dialogue.connect(1), dialogue.connect(3));
  const [stalled, dropped] = dialogue.requests;
  if (stalled === undefined || dropped === undefined) throw new Error('two requests were sent');
  stalled.sink.stalled = true;
  dropped.stream.targetWindow = 0;
  dialogue.send(data(1, MIB), data(3, MIB));
  for (let id = 5; id < 200; id += 2) dialogue.send(dialogue.connect(id));
  for (const _ of initialWindows(dialogue.sent())) dialogue.send(SETTINGS_ACK);
  const sent = dialogue.sent();
  t.same(
    [1, 3].map((id) => updates(sent, id)),
    [0, 0],
  );
  stalled.sink.unread = 0;
  dialogue.connection.read(stalled.stream, 0);
  t.ok(updates(dialogue.sent(), 1) >= MIB);
});

test('a body that was given up and fills its window to the last byte is told nothing', async (t) => {
  const dialogue = openDialogue({ role: 'server' });
  dialogue.send(dialogue.connect(1));
  const [request] = dialogue.requests;
  if (request === undefined) throw new Error('a request was sent');
  request.stream.targetWindow = 0;
  for (let index = 0; index < 4; index++) dialogue.send(data(1, MIB));
  t.same(
    dialogue.sent().filter(({ type, streamId }) => type === FrameType.WINDOW_UPDATE && streamId === 1),
    [],
    'RFC 9113 §6.9: an increment of 0 would be an error',
  );
});

test('streams that are opened before any bytes flow can never fill more than the connection window', async (t) => {
  const account = createBufferBudget().account();
  const dialogue = openDialogue({ role: 'server', account });
  const streams = Array.from({ length: 200 }, (_, index) => index * 2 + 1);
  for (const id of streams) dialogue.send(dialogue.connect(id));
  const windows = initialWindows(dialogue.sent());
  t.equal((windows.at(-1) ?? 0) * streams.length <= 16 * MIB, true, `${windows.join(' ')}`);
  for (const _ of windows) dialogue.send(SETTINGS_ACK);
  for (const { sink } of dialogue.requests) sink.stalled = true;
  for (const id of streams) dialogue.send(data(id, windows.at(-1) ?? 0));
  t.ok(account.usedBytes <= 16 * MIB);
  t.equal(
    dialogue.requests.every(({ stream }) => !stream.closed),
    true,
  );
});

test('readers that keep up share a second budget of the same size', async (t) => {
  const dialogue = openDialogue({ role: 'server' });
  const streams = Array.from({ length: 64 }, (_, index) => index * 2 + 1);
  for (const id of streams) dialogue.send(dialogue.connect(id));
  for (const _ of initialWindows(dialogue.sent())) dialogue.send(SETTINGS_ACK);
  for (let round = 0; round < 20; round++) for (const id of streams) dialogue.send(data(id, 128 * KIB));
  const granted = dialogue.requests.reduce((sum, { stream }) => sum + stream.targetWindow, 0);
  t.ok(granted > 16 * MIB, 'they grew');
  t.ok(granted <= 32 * MIB, 'but not without end');
});

test('streams that kept up until they stall hold no more than both budgets, and none of them is cut', async (t) => {
  const STREAMS = 200;
  for (const readBytes of [MIB / 4, MIB, 5 * MIB])
    for (const burstBytes of [64 * KIB, 256 * KIB, 4 * MIB]) {
      const account = createBufferBudget().account();
      const dialogue = openDialogue({ role: 'server', account });
      const peer = new ObedientPeer(dialogue, {
        connectionWindow: 16 * MIB,
        initialWindow: 4 * MIB,
        burstBytes,
      });
      const leftToRead = new Map<object, number>();
      let mostBytes = 0;
      for (let round = 0; round < 2 * STREAMS; round++) {
        if (round < STREAMS) peer.open(round * 2 + 1);
        peer.round(() => {
          mostBytes = Math.max(mostBytes, account.usedBytes);
          for (const { sink, stream } of dialogue.requests) {
            sink.stalled = true;
            const left = leftToRead.get(stream) ?? readBytes;
            if (sink.unread === 0 || left <= 0) continue;
            leftToRead.set(stream, left - sink.unread);
            sink.unread = 0;
            dialogue.connection.read(stream, 0);
          }
        });
      }
      const said = `${readBytes / KIB} KiB read, ${burstBytes / KIB} KiB at once: ${mostBytes / MIB} MiB`;
      t.ok(mostBytes <= 16 * MIB + 16 * MIB + STREAMS * 64 * KIB, said);
      t.equal(dialogue.requests.filter(({ stream }) => stream.closed).length, 0, said);
    }
});

test('windows that nobody will fill leave the second budget to others', async (t) => {
  for (const what of ['ended', 'given up']) {
    const dialogue = openDialogue({ role: 'server' });
    for (let id = 1; id < 256; id += 2) dialogue.send(dialogue.connect(id));
    const flow = (id: number): void => {
      for (let round = 0; round < 40; round++) {
        const { stream } = dialogue.requests[(id - 1) / 2] ?? {};
        dialogue.send(data(id, Math.min(stream?.receiveWindow ?? 0, 512 * KIB)));
        for (const _ of initialWindows(dialogue.sent())) dialogue.send(SETTINGS_ACK);
      }
    };
    for (const _ of initialWindows(dialogue.sent())) dialogue.send(SETTINGS_ACK);
    for (const id of [1, 3, 5, 7, 9]) flow(id);
    for (const { stream } of dialogue.requests.slice(0, 5))
      if (what === 'ended') dialogue.send(data(stream.id, 0, true));
      else stream.targetWindow = 0;
    flow(41);
    t.equal(dialogue.requests[20]?.stream.targetWindow, 4 * MIB, what);
  }
});

test('streams that come and go do not cost SETTINGS each time', async (t) => {
  const dialogue = openDialogue({ role: 'client' });
  let settings = 0;
  for (let round = 0; round < 1_000; round++) {
    const streams = Array.from({ length: 16 }, () => dialogue.connection.request(CONNECT, recordingSink()));
    for (const stream of streams) dialogue.connection.reset(stream, ErrorCode.CANCEL);
    for (const _ of initialWindows(dialogue.sent())) {
      settings += 1;
      dialogue.send(SETTINGS_ACK);
    }
    dialogue.clock.nowMs += 1;
  }
  t.ok(settings < 20, `${settings} in a second`);
});

test('at the cap the streams that hold unread bytes go, never the live one', async (t) => {
  const budget = createBufferBudget({ workloadCapBytes: MIB });
  const account = budget.account();
  const other = budget.account();
  const dialogue = openDialogue({ role: 'server', account });
  for (const id of [1, 3, 5]) dialogue.send(dialogue.connect(id));
  for (const { sink, stream } of dialogue.requests) sink.stalled = stream.id !== 1;
  dialogue.send(data(3, 700 * KIB), data(5, 700 * KIB), data(1, 700 * KIB));
  t.match(
    dialogue.requests.map(({ sink }) => sink.error?.code),
    [undefined, undefined, 'ERR_HTTP_BUFFER_LIMIT'],
  );
  t.equal(other.pressure < 1, true, 'another workload is not at its cap');
  dialogue.connection.abandon(new Error('gone'));
  for (const { stream } of dialogue.requests) dialogue.connection.read(stream, 0);
  t.equal(budget.usedBytes, 0);
});
