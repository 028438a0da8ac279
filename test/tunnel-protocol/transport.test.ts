import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { test } from 'tap';
import {
  CLIENT_PREFACE,
  encodePing,
  encodeSettings,
  FrameType,
  SETTINGS_ACK,
} from '../../src/http/http2/frame/index.ts';
import {
  connectTunnelSession,
  type TunnelOptions,
  type TunnelSession,
} from '../../src/tunnel-protocol/index.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { framesOf, type WireFrame } from '../http/http2/support/scripted-peer.ts';

interface Wire {
  readonly session: TunnelSession;
  readonly clock: FakeClock;
  /** What the session wrote since the last call. */
  written(): WireFrame[];
  send(...frames: Buffer[]): void;
}

/** A session whose socket is in our hands. A `stuck` one takes no byte. */
function openWire(options: { config?: TunnelOptions; stuck?: boolean; greeted?: boolean } = {}): Wire {
  const chunks: Buffer[] = [];
  const clock = createFakeClock();
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk);
      if (!options.stuck) done();
    },
  });
  const session = connectTunnelSession(socket, { config: options.config, clock });
  const wire: Wire = {
    session,
    clock,
    written() {
      const bytes = Buffer.concat(chunks.splice(0).map((chunk) => Buffer.from(chunk)));
      return framesOf(bytes.indexOf(CLIENT_PREFACE) === 0 ? bytes.subarray(CLIENT_PREFACE.length) : bytes);
    },
    send: (...frames) => socket.push(Buffer.concat(frames)),
  };
  if (options.greeted ?? true) wire.send(encodeSettings([]), SETTINGS_ACK);
  return wire;
}

const pings = (frames: readonly WireFrame[]): WireFrame[] =>
  frames.filter(({ type, flags }) => type === FrameType.PING && flags === 0);

test('a PING goes out every interval while it is answered', async (t) => {
  const wire = openWire();
  for (let round = 0; round < 3; round++) {
    await wire.clock.advance(9_999);
    t.equal(pings(wire.written()).length, 0);
    await wire.clock.advance(1);
    const [ping] = pings(wire.written());
    t.ok(ping, `round ${round}`);
    if (ping !== undefined) wire.send(encodePing(ping.payload, true));
  }
  t.equal(wire.session.state, 'open');
  wire.session.destroy();
  await wire.session.closed;
  t.equal(wire.clock.pending, 0);
});

test('an unanswered PING ends the session, with its streams told', async (t) => {
  const wire = openWire();
  const opening = wire.session.open({ authority: '10.0.0.1:80' }).catch((error) => error);
  await wire.clock.advance(29_999);
  t.equal(wire.session.state, 'open');
  await wire.clock.advance(1);
  t.equal(wire.session.state, 'closed');
  t.match(await opening, {
    code: 'ERR_TUNNEL_SESSION_CLOSED',
    retryable: true,
    cause: { code: 'ERR_TUNNEL_KEEP_ALIVE', blame: 'upstream' },
  });
  await wire.session.closed;
  t.equal(wire.clock.pending, 0);
});

test('a peer that is busy sending is not taken for dead', async (t) => {
  const wire = openWire();
  for (let second = 0; second < 60; second += 5) {
    wire.send(encodePing(Buffer.alloc(8), false));
    await wire.clock.advance(5_000);
  }
  t.equal(wire.session.state, 'open');
  await wire.clock.advance(20_000);
  t.equal(wire.session.state, 'closed');
  await wire.session.closed;
});

test('SETTINGS that nobody acknowledges end the session', async (t) => {
  const wire = openWire({ greeted: false });
  wire.send(encodeSettings([]));
  await wire.clock.advance(15_000);
  wire.send(encodePing(Buffer.alloc(8), false));
  await wire.clock.advance(15_000);
  t.equal(wire.session.state, 'closed');
  const goAway = wire.written().find(({ type }) => type === FrameType.GOAWAY);
  t.equal(goAway?.payload.readUInt32BE(4), 4, 'SETTINGS_TIMEOUT');
  await wire.session.closed;
});

test('a socket that was gone before its session began makes a closed one', async (t) => {
  const clock = createFakeClock();
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  socket.destroy();
  await once(socket, 'close');
  const session = connectTunnelSession(socket, { clock });
  t.equal(session.state, 'closed');
  await t.rejects(session.open({ authority: '10.0.0.1:80' }), {
    code: 'ERR_TUNNEL_SESSION_CLOSED',
    retryable: true,
  });
  await session.closed;
  t.equal(clock.pending, 0);
});

test('a peer that asks for answers and never reads them is cut off', async (t) => {
  const wire = openWire({ stuck: true });
  const ping = encodePing(Buffer.alloc(8), false);
  for (let index = 0; index < 300 && wire.session.state !== 'closed'; index++) {
    wire.send(...Array.from({ length: 1_000 }, () => ping));
    await wire.clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.equal(wire.session.state, 'closed');
  await wire.clock.advance(1_000);
  await wire.session.closed;
  t.equal(wire.clock.pending, 0);
});

test('what happens within one turn of the loop leaves in one write', async (t) => {
  let writes = 0;
  const socket = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => {
      writes += 1;
      done();
    },
  });
  const session = connectTunnelSession(socket);
  for (let index = 0; index < 50; index++) session.open({ authority: '10.0.0.1:80' }).catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(writes, 1);
  session.destroy();
  await session.closed;
});

test('a server that speaks nonsense is to blame', async (t) => {
  const wire = openWire();
  const opening = wire.session.open({ authority: '10.0.0.1:80' }).catch((error) => error);
  wire.send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
  t.match(await opening, { cause: { code: 'ERR_TUNNEL_PROTOCOL', blame: 'upstream' } });
  await wire.session.closed;
});

test('headers that HTTP does not allow are never sent', async (t) => {
  const wire = openWire();
  await wire.clock.advance(0);
  wire.written();
  for (const head of [
    { authority: 'a b:80' },
    { authority: '' },
    { authority: 'a:80', baggage: 'x\r\ny: z' },
    { authority: 'a:80', extra: { 'Upper-Case': 'x' } },
    { authority: 'a:80', extra: { connection: 'close' } },
    { authority: 'a:80', forwarded: 'for=\u20ac' },
  ])
    await t.rejects(wire.session.open(head), { code: 'ERR_TUNNEL_HEADER' });
  t.same(wire.written(), []);
  wire.session.destroy();
  await wire.session.closed;
});

test("opening beyond the peer's limit is refused at once", async (t) => {
  const wire = openWire({ greeted: false });
  wire.send(encodeSettings([[3, 1]]), SETTINGS_ACK);
  await wire.clock.advance(0);
  t.equal(wire.session.capacity, 1);
  const first = wire.session.open({ authority: '10.0.0.1:80' }).catch(() => undefined);
  await t.rejects(wire.session.open({ authority: '10.0.0.1:80' }), { code: 'ERR_TUNNEL_SESSION_FULL' });
  wire.session.destroy();
  await first;
  await wire.session.closed;
});
