import fc from 'fast-check';
import { test } from 'tap';
import { createBufferBudget } from '../../../src/base/index.ts';
import type { Http2Config } from '../../../src/http/http2/config.ts';
import { Http2Connection } from '../../../src/http/http2/connection/http2-connection.ts';
import type { Http2Stream, StreamSink } from '../../../src/http/http2/connection/http2-stream.ts';
import { ErrorCode } from '../../../src/http/http2/frame/index.ts';
import type { HeaderField } from '../../../src/http/http2/hpack/index.ts';

/** Small, so that few bytes meet every limit; the proportions are those of a tunnel. */
const CONFIG: Http2Config = {
  streamWindowBytes: 1 << 20,
  connectionWindowBytes: 4 << 20,
  pressedStreamWindowBytes: 16_384,
  maxFrameBytes: 65_536,
  maxConcurrentStreams: 1_000,
  initialMaxSendStreams: 1_000,
  headerListBytes: 16_384,
  keepAliveIntervalMs: 0,
  keepAliveTimeoutMs: 1_000,
  settingsTimeoutMs: 1_000,
};
const CONNECT: readonly HeaderField[] = [
  [':method', 'CONNECT'],
  [':authority', '10.0.0.1:80'],
];
const OK: readonly HeaderField[] = [[':status', '200']];
type Side = 'client' | 'server';

/** One end of a stream: a writer and a reader that may pause. */
class End implements StreamSink {
  readonly connection: Http2Connection;
  stream: Http2Stream | undefined;
  writtenBytes = 0;
  writesLeft = 0;
  endsLeft = 0;
  takenBytes = 0;
  ended = false;
  reads = true;
  #unread = 0;

  constructor(connection: Http2Connection) {
    this.connection = connection;
  }

  write(length: number): void {
    const { stream } = this;
    if (stream === undefined || stream.localEnded || stream.endRequested !== undefined) return;
    this.writtenBytes += length;
    this.writesLeft += 1;
    this.connection.write(stream, [{ bytes: Buffer.alloc(length), done: () => (this.writesLeft -= 1) }]);
  }

  end(): void {
    const { stream } = this;
    if (stream === undefined || stream.localEnded || stream.endRequested !== undefined) return;
    this.endsLeft += 1;
    this.connection.end(stream, () => (this.endsLeft -= 1));
  }

  read(): void {
    this.reads = true;
    this.takenBytes += this.#unread;
    this.#unread = 0;
    if (this.stream !== undefined) this.connection.read(this.stream, 0);
  }

  onData(bytes: Buffer): number {
    if (this.reads) this.takenBytes += bytes.length;
    else this.#unread += bytes.length;
    return this.#unread;
  }

  onEnd(): void {
    this.ended = true;
  }

  onResponse = nothing;
  onCut = nothing;
  onUnwanted = nothing;
}

/** Two ends of one connection, and what is under way between them. */
class Pair {
  nowMs = 0;
  readonly tunnels: Record<Side, End>[] = [];
  /** Those of which bytes may be missing. */
  readonly cut = new Set<unknown>();
  readonly #pipes: Record<Side, Buffer[]> = { client: [], server: [] };
  readonly #connections: Record<Side, Http2Connection>;

  constructor() {
    this.#connections = { client: this.#open('client'), server: this.#open('server') };
  }

  open(): void {
    const ends = { client: new End(this.#connections.client), server: new End(this.#connections.server) };
    this.tunnels.push(ends);
    ends.client.stream = this.#connections.client.request(CONNECT, ends.client);
  }

  reset(side: Side, index: number): void {
    const tunnel = this.tunnels[index];
    const end = tunnel?.[side];
    if (end?.stream === undefined) return;
    this.cut.add(tunnel);
    this.#connections[side].reset(end.stream, ErrorCode.CANCEL);
    end.read();
  }

  /** Sends up to `limitBytes` of what `side` has to say. */
  flush(side: Side, limitBytes: number): void {
    const connection = this.#connections[side];
    connection.pump(limitBytes);
    this.#pipes[side].push(...connection.output.take().buffers.map((bytes) => Buffer.from(bytes)));
  }

  /** Hands on up to `bytes` of what `side` has sent. */
  deliver(side: Side, bytes: number): void {
    const sent = Buffer.concat(this.#pipes[side].splice(0));
    if (sent.length > bytes) this.#pipes[side].push(sent.subarray(bytes));
    if (sent.length > 0) this.#connections[other(side)].receive(sent.subarray(0, bytes));
  }

  /** Everybody reads, and everything arrives that can. */
  settle(): void {
    for (const { client, server } of this.tunnels) for (const end of [client, server]) end.read();
    for (let turn = 0; turn < 1_000; turn++) {
      for (const side of ['client', 'server'] as const) {
        this.flush(side, 256 * 1024);
        this.deliver(side, Number.POSITIVE_INFINITY);
      }
    }
  }

  #open(role: Side): Http2Connection {
    return new Http2Connection({
      role,
      config: CONFIG,
      account: createBufferBudget().account(),
      now: () => this.nowMs,
      events: {
        onOutput: nothing,
        onChange: nothing,
        onPingAck: nothing,
        onRequest: (stream) => {
          const end = this.tunnels[(stream.id - 1) / 2]?.server;
          if (end === undefined) throw new Error('a tunnel that nobody opened');
          end.stream = stream;
          stream.sink = end;
          this.#connections.server.respond(stream, OK, false);
        },
      },
    });
  }
}

function other(side: Side): Side {
  return side === 'client' ? 'server' : 'client';
}

function nothing(): void {
  // This end has no use for it.
}

/** What may happen, in any order. */
const side = fc.constantFrom<Side>('client', 'server');
const which = fc.nat({ max: 11 });
const event = fc.oneof(
  fc.record({ what: fc.constant('open' as const), count: fc.integer({ min: 1, max: 40 }) }),
  fc.record({
    what: fc.constant('write' as const),
    side,
    which,
    length: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 600_000 })),
  }),
  fc.record({ what: fc.constantFrom('end' as const, 'stall' as const, 'read' as const), side, which }),
  fc.record({ what: fc.constant('reset' as const), side, which, count: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ what: fc.constant('flush' as const), side, bytes: fc.integer({ min: 0, max: 300_000 }) }),
  fc.record({ what: fc.constant('deliver' as const), side, bytes: fc.integer({ min: 1, max: 600_000 }) }),
  fc.record({ what: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 60_000 }) }),
);
type Happening = typeof event extends fc.Arbitrary<infer T> ? T : never;

function happen(pair: Pair, happening: Happening): void {
  switch (happening.what) {
    case 'open':
      for (let index = 0; index < happening.count; index++) pair.open();
      return;
    case 'write':
      pair.tunnels[happening.which]?.[happening.side].write(happening.length);
      return;
    case 'end':
      pair.tunnels[happening.which]?.[happening.side].end();
      return;
    case 'stall': {
      const end = pair.tunnels[happening.which]?.[happening.side];
      if (end !== undefined) end.reads = false;
      return;
    }
    case 'read':
      pair.tunnels[happening.which]?.[happening.side].read();
      return;
    case 'reset':
      // From the back, so that most of those that are written to live on.
      for (let index = 0; index < happening.count; index++)
        pair.reset(happening.side, pair.tunnels.length - 1 - happening.which - index);
      return;
    case 'flush':
      pair.flush(happening.side, happening.bytes);
      return;
    case 'deliver':
      pair.deliver(happening.side, happening.bytes);
      return;
    case 'pass':
      pair.nowMs += happening.ms;
      return;
  }
}

test('whatever has happened, all that was written arrives once everybody reads', {
  timeout: 120_000,
}, async (t) => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 120, size: 'max' }), (happenings) => {
      const pair = new Pair();
      for (const happening of happenings) happen(pair, happening);
      pair.settle();
      for (const tunnel of pair.tunnels)
        for (const from of ['client', 'server'] as const) {
          const { stream, writtenBytes, writesLeft, endsLeft } = tunnel[from];
          const to = tunnel[other(from)];
          if (writesLeft > 0 || endsLeft > 0) throw new Error(`${writesLeft} writes, ${endsLeft} ends wait`);
          if (pair.cut.has(tunnel)) continue;
          if (to.takenBytes !== writtenBytes)
            throw new Error(`${writtenBytes} bytes were written, ${to.takenBytes} arrived`);
          if (to.ended !== stream?.localEnded) throw new Error('an end did not arrive');
        }
    }),
    { numRuns: 300 },
  );
  t.pass('in every order that was tried');
});
