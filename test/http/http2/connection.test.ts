import { test } from 'tap';
import {
  CLIENT_PREFACE,
  ErrorCode,
  encodeGoAway,
  encodePing,
  encodeReset,
  encodeSettings,
  encodeWindowUpdate,
  FrameFlag,
  FrameType,
  SETTINGS_ACK,
} from '../../../src/http/http2/frame/index.ts';
import type { HeaderField } from '../../../src/http/http2/hpack/index.ts';
import { data, faultCode, frame, openDialogue, recordingSink } from './support/scripted-peer.ts';

const CONNECT: readonly HeaderField[] = [
  [':method', 'CONNECT'],
  [':authority', '10.0.0.1:80'],
];
const OK: readonly HeaderField[] = [[':status', '200']];

/** The RST_STREAM that answers what was sent, as stream and code. */
function resets(dialogue: ReturnType<typeof openDialogue>): [number, number][] {
  return dialogue
    .sent()
    .filter((sent) => sent.type === FrameType.RST_STREAM)
    .map((sent) => [sent.streamId, sent.payload.readUInt32BE(0)]);
}

test('a client opens with preface, settings and its connection window', async (t) => {
  const config = { headerListBytes: 16 * 1024 };
  const dialogue = openDialogue({ role: 'client', greeted: false, config });
  const bytes = Buffer.concat(dialogue.connection.output.take().buffers);
  t.ok(bytes.subarray(0, CLIENT_PREFACE.length).equals(CLIENT_PREFACE));
  const fresh = openDialogue({ role: 'client', greeted: false, config });
  const [settings, window] = fresh.sent();
  // ENABLE_PUSH 0, INITIAL_WINDOW_SIZE 4 MiB, MAX_FRAME_SIZE 1 MiB, MAX_HEADER_LIST_SIZE 16 KiB.
  t.equal(settings?.payload.toString('hex'), '000200000000000400400000000500100000000600004000');
  t.equal(window?.payload.readUInt32BE(0), 16 * 1024 * 1024 - 65_535);
});

test('a server opens with its limits', async (t) => {
  const [settings] = openDialogue({ role: 'server', greeted: false }).sent();
  // MAX_CONCURRENT_STREAMS 200, the windows, MAX_HEADER_LIST_SIZE 64 KiB.
  t.equal(settings?.payload.toString('hex'), '0003000000c8000400400000000500100000000600010000');
});

test('settings and pings are answered', async (t) => {
  const dialogue = openDialogue({ role: 'server' });
  dialogue.send(encodeSettings([[1, 0]]), encodePing(Buffer.from('abcdefgh'), false));
  t.match(dialogue.sent(), [
    { type: FrameType.SETTINGS, flags: FrameFlag.ACK, length: 0 },
    { type: FrameType.PING, flags: FrameFlag.ACK, payload: Buffer.from('abcdefgh') },
  ]);
});

test('breaches by a client end the session with the code of the RFC', async (t) => {
  const rows: Record<
    string,
    [code: number, ...frames: (Buffer | ((d: ReturnType<typeof openDialogue>) => Buffer))[]]
  > = {
    'DATA on an idle stream': [1, data(1, 1)],
    'RST_STREAM on an idle stream': [1, encodeReset(1, 0)],
    'WINDOW_UPDATE on an idle stream': [1, encodeWindowUpdate(1, 1)],
    'an even stream': [1, (d) => d.connect(2)],
    PUSH_PROMISE: [1, (d) => d.connect(1), frame(FrameType.PUSH_PROMISE, 1, '00000002', 4)],
    'an acknowledgement of nothing': [1, SETTINGS_ACK],
    'WINDOW_UPDATE of 0': [1, encodeWindowUpdate(0, 0)],
    'a connection window beyond 2^31-1': [3, encodeWindowUpdate(0, 0x7fff_ffff)],
    'a stream window beyond 2^31-1': [3, (d) => d.connect(1), encodeWindowUpdate(1, 0x7fff_ffff)],
    'an initial window that lifts a stream beyond 2^31-1': [
      3,
      (d) => d.connect(1),
      encodeWindowUpdate(1, 0x7000_0000),
      encodeSettings([[4, 0x7fff_ffff]]),
    ],
    'a header block that does not decode': [9, frame(FrameType.HEADERS, 1, 'be', 4)],
    'PING of 7 octets': [6, frame(FrameType.PING, 0, '00000000000000')],
  };
  for (const [what, [code, ...frames]] of Object.entries(rows)) {
    const dialogue = openDialogue({ role: 'server' });
    const send = (): void => {
      for (const item of frames) dialogue.send(typeof item === 'function' ? item(dialogue) : item);
    };
    t.equal(faultCode(send), code, what);
  }
});

test('breaches by a server end the session with the code of the RFC', async (t) => {
  const rows: Record<string, [number, (d: ReturnType<typeof openDialogue>) => Buffer]> = {
    'an answer to nothing': [1, (d) => d.headers(1, OK)],
    'an answer on an even stream': [1, (d) => d.headers(2, OK)],
    'ENABLE_PUSH 1': [1, () => encodeSettings([[2, 1]])],
    'DATA on an idle stream': [1, () => data(7, 1)],
  };
  for (const [what, [code, make]] of Object.entries(rows)) {
    const dialogue = openDialogue({ role: 'client' });
    t.equal(
      faultCode(() => dialogue.send(make(dialogue))),
      code,
      what,
    );
  }
});

test('the first frame must be SETTINGS, behind the preface', async (t) => {
  const early = openDialogue({ role: 'server', greeted: false });
  t.equal(
    faultCode(() => early.send(CLIENT_PREFACE, encodePing(Buffer.alloc(8), false))),
    1,
  );
  const acknowledged = openDialogue({ role: 'server', greeted: false });
  t.equal(
    faultCode(() => acknowledged.send(CLIENT_PREFACE, SETTINGS_ACK)),
    1,
  );
  const http1 = openDialogue({ role: 'server', greeted: false });
  t.equal(
    faultCode(() => http1.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'))),
    1,
  );
  const slow = openDialogue({ role: 'server', greeted: false });
  for (const byte of CLIENT_PREFACE) slow.send(Buffer.of(byte));
  slow.send(encodeSettings([]));
  t.equal(slow.connection.peer.received, true);
});

test('malformed requests are reset, and the session goes on', async (t) => {
  const rows: Record<string, readonly HeaderField[]> = {
    'no method': [[':authority', 'a:1']],
    'CONNECT with a path': [...CONNECT, [':path', '/']],
    'CONNECT with a scheme': [...CONNECT, [':scheme', 'https']],
    'CONNECT without authority': [[':method', 'CONNECT']],
    'GET without path': [[':method', 'GET']],
    'extended CONNECT': [...CONNECT, [':protocol', 'websocket']],
    'a pseudo-header twice': [...CONNECT, [':method', 'CONNECT']],
    'a pseudo-header behind others': [['a', 'b'], ...CONNECT],
    'a response pseudo-header': [...CONNECT, [':status', '200']],
    'upper case': [...CONNECT, ['X-A', 'b']],
    'a space in a name': [...CONNECT, ['a b', 'c']],
    'an empty name': [...CONNECT, ['', 'c']],
    connection: [...CONNECT, ['connection', 'close']],
    'transfer-encoding': [...CONNECT, ['transfer-encoding', 'chunked']],
    'te other than trailers': [...CONNECT, ['te', 'gzip']],
    'a line break in a value': [...CONNECT, ['a', 'b\r\nc: d']],
    'a NUL in a value': [...CONNECT, ['a', 'b\0']],
    'a value with a space before': [...CONNECT, ['a', ' b']],
  };
  const dialogue = openDialogue({ role: 'server' });
  let streamId = 1;
  for (const [what, fields] of Object.entries(rows)) {
    dialogue.send(dialogue.headers(streamId, fields));
    t.same(resets(dialogue), [[streamId, ErrorCode.PROTOCOL_ERROR]], what);
    streamId += 2;
  }
  dialogue.send(dialogue.connect(streamId));
  t.equal(dialogue.requests.length, 1);
});

test('a stream takes nothing that does not belong in a tunnel', async (t) => {
  const dialogue = openDialogue({ role: 'server' });
  dialogue.send(dialogue.connect(1), dialogue.headers(1, [['trailer', 'x']], 0x5));
  t.same(resets(dialogue), [[1, ErrorCode.PROTOCOL_ERROR]], 'HEADERS');
  dialogue.send(dialogue.connect(3), data(3, 0, true), data(3, 1));
  t.same(resets(dialogue), [[3, ErrorCode.STREAM_CLOSED]], 'DATA after its end');
  dialogue.send(data(1, 5), encodeWindowUpdate(1, 5), encodeReset(1, 0));
  t.same(dialogue.sent(), [], 'late frames of a closed stream are passed over');
  t.equal(dialogue.requests[0]?.sink.events.at(-1), 'cut ERR_HTTP_PROTOCOL');
});

test('more streams than allowed are refused, so that they may be tried again', async (t) => {
  const dialogue = openDialogue({ role: 'server', config: { maxConcurrentStreams: 2 } });
  dialogue.send(dialogue.connect(1), dialogue.connect(3), dialogue.connect(5));
  t.same(resets(dialogue), [[5, ErrorCode.REFUSED_STREAM]]);
  dialogue.send(encodeReset(1, 8), dialogue.connect(7));
  t.equal(dialogue.requests.length, 3);
});

test('too many headers reset the stream, on either side', async (t) => {
  const big: HeaderField = ['x', 'y'.repeat(2_000)];
  const server = openDialogue({ role: 'server', config: { headerListBytes: 1_024 } });
  server.send(server.headers(1, [...CONNECT, big]));
  t.same(resets(server), [[1, ErrorCode.ENHANCE_YOUR_CALM]]);
  const client = openDialogue({ role: 'client', config: { headerListBytes: 1_024 } });
  const sink = recordingSink();
  client.connection.request(CONNECT, sink);
  client.send(client.headers(1, [...OK, big]));
  t.same(resets(client), [[1, ErrorCode.ENHANCE_YOUR_CALM]]);
  t.same(sink.events, ['cut ERR_HTTP_PROTOCOL']);
});

test('an answer must be one, and interim answers are passed over', async (t) => {
  for (const fields of [
    [[':status', 'abc']],
    [],
    [[':method', 'GET']],
    [[':status', '099']],
  ] as HeaderField[][]) {
    const dialogue = openDialogue({ role: 'client' });
    dialogue.connection.request(CONNECT, recordingSink());
    dialogue.send(dialogue.headers(1, fields));
    t.same(resets(dialogue), [[1, ErrorCode.PROTOCOL_ERROR]]);
  }
  const dialogue = openDialogue({ role: 'client' });
  const sink = recordingSink();
  dialogue.connection.request(CONNECT, sink);
  dialogue.send(
    dialogue.headers(1, [[':status', '103']]),
    dialogue.headers(1, OK),
    data(1, 3),
    data(1, 0, true),
  );
  t.same(sink.events, ['response 200', 'data 3', 'end']);
});

test('DATA before the answer is a breach', async (t) => {
  const dialogue = openDialogue({ role: 'client' });
  dialogue.connection.request(CONNECT, recordingSink());
  dialogue.send(data(1, 1));
  t.same(resets(dialogue), [[1, ErrorCode.PROTOCOL_ERROR]]);
});

test('a reset says what it was: refused, gone, or no longer wanted', async (t) => {
  const outcome = (code: number, ...before: ((d: ReturnType<typeof openDialogue>) => Buffer)[]): string[] => {
    const dialogue = openDialogue({ role: 'client' });
    const sink = recordingSink();
    dialogue.connection.request(CONNECT, sink);
    for (const make of before) dialogue.send(make(dialogue));
    dialogue.send(encodeReset(1, code));
    return sink.events.slice(before.length);
  };
  const answer = (d: ReturnType<typeof openDialogue>): Buffer => d.headers(1, OK);
  const end = (): Buffer => data(1, 0, true);
  t.same(outcome(ErrorCode.REFUSED_STREAM), ['cut ERR_HTTP_REFUSED']);
  t.same(outcome(ErrorCode.REFUSED_STREAM, answer), ['cut ERR_HTTP_CUT']);
  t.same(outcome(ErrorCode.CANCEL, answer), ['cut ERR_HTTP_CUT'], 'a cut without an end is no end');
  t.same(outcome(ErrorCode.NO_ERROR, answer), ['cut ERR_HTTP_CUT']);
  t.same(outcome(ErrorCode.NO_ERROR, answer, end), ['unwanted']);
  t.same(outcome(ErrorCode.CONNECT_ERROR, answer, end), ['cut ERR_HTTP_CUT']);
});

test('GOAWAY hands back the streams that the peer did not look at', async (t) => {
  const dialogue = openDialogue({ role: 'client' });
  const sinks = [recordingSink(), recordingSink(), recordingSink()];
  for (const sink of sinks) dialogue.connection.request(CONNECT, sink);
  dialogue.send(encodeGoAway(3, 0, 'restart'));
  t.same(
    sinks.map((sink) => sink.events.length),
    [0, 0, 1],
  );
  t.match(sinks[2]?.error, { code: 'ERR_HTTP_REFUSED', retryable: true, message: /restart/ });
});

test('after its last GOAWAY a server takes no stream', async (t) => {
  const dialogue = openDialogue({ role: 'server' });
  dialogue.send(dialogue.connect(1));
  dialogue.connection.goAway({ errorCode: 0, final: false });
  dialogue.send(dialogue.connect(3));
  dialogue.connection.goAway({ errorCode: 0, final: true });
  dialogue.send(dialogue.connect(5));
  t.equal(dialogue.requests.length, 2);
  const last = dialogue.sent().filter((sent) => sent.type === FrameType.GOAWAY);
  t.same(
    last.map((sent) => sent.payload.readUInt32BE(0)),
    [0x7fff_ffff, 3],
  );
});

test('floods end the session, whatever they are made of', async (t) => {
  const ping = encodePing(Buffer.alloc(8), false);
  const rows: Record<string, (d: ReturnType<typeof openDialogue>, index: number) => Buffer[]> = {
    pings: () => [ping],
    settings: () => [encodeSettings([])],
    priorities: () => [frame(FrameType.PRIORITY, 1, '0000000000')],
    'unknown frames': () => [frame(0xee, 0, '')],
    'empty DATA': (d, index) => (index === 0 ? [d.connect(1)] : [data(1, 0)]),
    'rapid resets': (d, index) => [d.connect(index * 2 + 1), encodeReset(index * 2 + 1, 8)],
    'malformed requests': (d, index) => [d.headers(index * 2 + 1, [[':method', 'GET']])],
    'requests on closed streams': (d, index) =>
      index === 0 ? [d.connect(1), encodeReset(1, 8)] : [d.connect(1)],
  };
  for (const [what, make] of Object.entries(rows)) {
    const dialogue = openDialogue({ role: 'server' });
    const flood = (): void => {
      for (let index = 0; index < 12_000; index++) {
        dialogue.send(...make(dialogue, index));
        dialogue.connection.output.take();
      }
    };
    t.equal(faultCode(flood), ErrorCode.ENHANCE_YOUR_CALM, what);
  }
});

test('resets of tunnels that were open, and frames at a fair rate, are no flood', async (t) => {
  const dialogue = openDialogue({ role: 'server' });
  for (let index = 0; index < 5_000; index++) {
    const streamId = index * 2 + 1;
    dialogue.clock.nowMs += 1;
    dialogue.send(dialogue.connect(streamId));
    const request = dialogue.requests.pop();
    if (request !== undefined) dialogue.connection.respond(request.stream, OK, false);
    dialogue.send(encodeReset(streamId, 8), encodePing(Buffer.alloc(8), false));
    dialogue.connection.output.take();
  }
  t.equal(dialogue.connection.activeStreams, 0);
});

test('streams that were given up after they had their time are no flood', async (t) => {
  const dialogue = openDialogue({ role: 'server' });
  for (let index = 0; index < 5_000; index++) {
    dialogue.send(dialogue.connect(index * 2 + 1));
    dialogue.clock.nowMs += 100;
    dialogue.send(encodeReset(index * 2 + 1, ErrorCode.CANCEL));
    dialogue.connection.output.take();
  }
  t.equal(dialogue.connection.activeStreams, 0);
});
