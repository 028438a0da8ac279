// The bench's load: `node load.ts MODE HOST PORT [key=value…]`, one JSON line out. The same for every variant.
import { connect, type Socket } from 'node:net';

const EXCHANGE_BYTES = 1024;
const [mode = '', host = '', portText = '0', ...pairs] = process.argv.slice(2);
const port = Number(portText);
const options = new Map(pairs.map((pair) => pair.split('=') as [string, string]));
const option = (name: string, otherwise: number): number => Number(options.get(name) ?? otherwise);
const request = Buffer.alloc(EXCHANGE_BYTES, 'q');

/** A connection that exchanges one kilobyte for one kilobyte at a time. */
interface Exchanger {
  readonly socket: Socket;
  /** Sends one request; `done` is called when its whole answer is here. One at a time. */
  exchange(done: () => void): void;
}

function open(): Promise<Exchanger> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    let missing = 0;
    let finish: () => void = () => undefined;
    socket.once('error', reject);
    socket.on('data', (chunk: Buffer) => {
      missing -= chunk.length;
      if (missing <= 0) finish();
    });
    socket.once('connect', () =>
      resolve({
        socket,
        exchange(done) {
          missing = EXCHANGE_BYTES;
          finish = done;
          socket.write(request);
        },
      }),
    );
  });
}

function percentiles(samples: Float64Array): Record<string, number> {
  samples.sort();
  const at = (share: number): number =>
    samples[Math.min(samples.length - 1, Math.floor(samples.length * share))] ?? 0;
  const round = (ms: number): number => Math.round(ms * 1000) / 1000;
  return { p50: round(at(0.5)), p90: round(at(0.9)), p99: round(at(0.99)), p999: round(at(0.999)) };
}

const modes: Readonly<Record<string, () => Promise<unknown>>> = {
  /**
   * Open loop: a request is due at its time whether or not the one before was answered, and waiting for a free
   * connection counts as latency. How late this program's own timer fires does not: on two cores, spinning for exact
   * times would take one of them from the proxies.
   */
  async latency() {
    const rate = option('rate', 1000);
    const seconds = option('seconds', 10);
    const idle = await Promise.all(Array.from({ length: option('connections', 16) }, open));
    const all = [...idle];
    const total = rate * seconds;
    const warmUp = Math.min(rate, total / 10);
    const samples = new Float64Array(total - warmUp);
    let answered = 0;
    const startMs = performance.now() + 50;
    const waiting: { readonly index: number; readonly dueMs: number }[] = [];
    const start = (dueMs: number, exchanger: Exchanger, index: number): void =>
      exchanger.exchange(() => {
        if (index >= warmUp) samples[index - warmUp] = performance.now() - dueMs;
        answered += 1;
        const next = waiting.shift();
        if (next === undefined) idle.push(exchanger);
        else start(next.dueMs, exchanger, next.index);
      });
    for (let index = 0; index < total; ) {
      const nowMs = performance.now();
      while (index < total && startMs + (index * 1000) / rate <= nowMs) {
        const exchanger = idle.pop();
        const dueMs = performance.now();
        if (exchanger === undefined) waiting.push({ index, dueMs });
        else start(dueMs, exchanger, index);
        index += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const deadlineMs = performance.now() + 10_000;
    while (answered < total && performance.now() < deadlineMs)
      await new Promise((resolve) => setTimeout(resolve, 10));
    for (const exchanger of all) exchanger.socket.destroy();
    return { failed: total - answered, ...percentiles(samples) };
  },
  /** Closed loop: every connection asks again at once. */
  async throughput() {
    const seconds = option('seconds', 5);
    const exchangers = await Promise.all(Array.from({ length: option('connections', 32) }, open));
    let answered = 0;
    let running = true;
    for (const exchanger of exchangers) {
      const again = (): void => {
        answered += 1;
        if (running) exchanger.exchange(again);
      };
      exchanger.exchange(again);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    const before = answered;
    const startMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const rps = Math.round(((answered - before) * 1000) / (performance.now() - startMs));
    running = false;
    for (const exchanger of exchangers) exchanger.socket.destroy();
    return { rps };
  },
  /** New connections: each asks once and is closed; `connections` at a time. */
  async connections() {
    const seconds = option('seconds', 5);
    const untilMs = performance.now() + seconds * 1000;
    let made = 0;
    let failed = 0;
    await Promise.all(
      Array.from({ length: option('connections', 16) }, async () => {
        while (performance.now() < untilMs) {
          try {
            const exchanger = await open();
            await new Promise<void>((resolve) => exchanger.exchange(resolve));
            exchanger.socket.destroy();
            made += 1;
          } catch {
            failed += 1;
          }
        }
      }),
    );
    return { perSecond: Math.round(made / seconds), failed };
  },
  /** Bulk: `connections` streams write as fast as they may. */
  async bulk() {
    const seconds = option('seconds', 5);
    const block = Buffer.alloc(256 * 1024, 'b');
    const sockets = await Promise.all(
      Array.from(
        { length: option('connections', 1) },
        () =>
          new Promise<Socket>((resolve, reject) => {
            const socket = connect({ host, port, noDelay: true }, () => resolve(socket));
            socket.once('error', reject);
          }),
      ),
    );
    let running = true;
    for (const socket of sockets) {
      const fill = (): void => {
        while (running && socket.write(block));
      };
      socket.on('drain', fill);
      fill();
    }
    const sent = (): number =>
      sockets.reduce((sum, socket) => sum + socket.bytesWritten - socket.writableLength, 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const before = sent();
    const startMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const megabitsPerSecond = Math.round(((sent() - before) * 8) / 1e3 / (performance.now() - startMs));
    running = false;
    for (const socket of sockets) socket.destroy();
    return { megabitsPerSecond };
  },
  /** Asks once on each of `connections` and holds them for `seconds`, for a look at the proxies' memory. */
  async idle() {
    const wanted = option('connections', 5000);
    const exchangers: Exchanger[] = [];
    while (exchangers.length < wanted) {
      const batch = Math.min(100, wanted - exchangers.length);
      const opened = await Promise.all(Array.from({ length: batch }, open));
      await Promise.all(
        opened.map((exchanger) => new Promise<void>((resolve) => exchanger.exchange(resolve))),
      );
      exchangers.push(...opened);
    }
    await new Promise((resolve) => setTimeout(resolve, option('seconds', 5) * 1000));
    const alive = exchangers.filter((exchanger) => !exchanger.socket.destroyed).length;
    for (const exchanger of exchangers) exchanger.socket.destroy();
    return { held: exchangers.length, alive };
  },
};

const run = modes[mode];
if (run === undefined) throw new Error(`expected one of ${Object.keys(modes).join(', ')}, got ${mode}`);
process.stdout.write(`${JSON.stringify(await run())}\n`);
process.exit(0);
