// One TCP client behaviour, run inside lab pods: `node client.ts BEHAVIOUR HOST PORT [NUMBER…]`. Prints one JSON line. Load goes on for
// a span: a NUMBER of seconds, or `-` (see span.ts).
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { patternDigest, patternedBytes } from './pattern.ts';
import { spanOf } from './span.ts';

const [behaviour = '', host = '', portText = '0', ...numbers] = process.argv.slice(2);
const port = Number(portText);
const number = (index: number, otherwise: number): number => Number(numbers[index] ?? otherwise);

function dial(): Socket {
  return connect({ host, port, allowHalfOpen: true, noDelay: true });
}

/** Everything until the peer's end, and how that came: 'end' for FIN, the error's code for anything else. */
function readAll(socket: Socket): Promise<{ bytes: number; sha256: string; text: string; ending: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  let text = '';
  return new Promise((resolve) => {
    let finished = false;
    const finish = (ending: string): void => {
      if (finished) return;
      finished = true;
      resolve({ bytes, sha256: hash.digest('hex'), text, ending });
    };
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      hash.update(chunk);
      if (text.length < 200) text += chunk.toString('latin1').slice(0, 200 - text.length);
    });
    socket.on('end', () => finish('end'));
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? 'error'));
    socket.on('close', () => finish('close'));
  });
}

/** One request over a connection of its own: true when the echo came back whole within 10 s. */
function exchange(payload: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = dial();
    let got = '';
    const finish = (outcome: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => finish('timeout'), 10_000);
    socket.on('connect', () => socket.write(payload));
    socket.on('data', (chunk: Buffer) => {
      got += chunk.toString('latin1');
      if (got === payload) finish('ok');
    });
    socket.on('end', () => finish('closed'));
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? 'error'));
  });
}

const behaviours: Readonly<Record<string, () => Promise<unknown>>> = {
  /** One echo of a short line. */
  async echo() {
    return { outcome: await exchange('ping') };
  },
  /** New connections at a steady rate: NUMBER per second for a span, one exchange each, open loop. */
  async rate() {
    const perSecond = number(0, 50);
    const { seconds, isStopped, begin } = spanOf(numbers[1] ?? '10');
    let total = 0;
    const outcomes: Record<string, number> = {};
    const firstFailures: string[] = [];
    const startedMs = performance.now();
    const running: Promise<void>[] = [];
    for (; total < perSecond * seconds && !isStopped(); total++) {
      const dueMs = startedMs + (total * 1000) / perSecond;
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      running.push(
        exchange(`request ${total} of ${perSecond} a second`).then((outcome) => {
          begin();
          outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
          if (outcome !== 'ok' && firstFailures.length < 5) {
            firstFailures.push(`${outcome} after ${Math.round(performance.now() - startedMs)} ms`);
          }
        }),
      );
    }
    await Promise.all(running);
    return { total, ok: outcomes.ok ?? 0, outcomes, firstFailures };
  },
  /** NUMBER connections held for a span, each echoing a line twice a second. */
  async hold() {
    const count = number(0, 5);
    const { seconds, isStopped, begin } = spanOf(numbers[1] ?? '10');
    const untilMs = performance.now() + seconds * 1000;
    let answered = 0;
    const results = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const socket = dial();
        let echoed = 0;
        let failure = '';
        socket.on('error', (error: NodeJS.ErrnoException) => {
          failure = error.code ?? 'error';
        });
        socket.on('end', () => {
          failure ||= 'closed';
        });
        while (performance.now() < untilMs && !isStopped() && failure === '') {
          const payload = `held ${index} ${echoed}`;
          const answer = new Promise<void>((resolve) => {
            let got = '';
            const onData = (chunk: Buffer): void => {
              got += chunk.toString('latin1');
              if (got !== payload) return;
              socket.off('data', onData);
              resolve();
            };
            socket.on('data', onData);
          });
          socket.write(payload);
          const late = new Promise<void>((resolve) => setTimeout(resolve, 10_000));
          const before = echoed;
          await Promise.race([answer.then(() => echoed++), late]);
          if (echoed === before) failure ||= 'timeout';
          else if (before === 0 && ++answered === count) begin();
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
        socket.destroy();
        return { echoed, failure };
      }),
    );
    return {
      count,
      failed: results.filter((result) => result.failure !== '').length,
      results: results.slice(0, 5),
    };
  },
  /** Opens NUMBER idle connections, then reports how many live after NUMBER seconds; each proves it by an echo. */
  async idle() {
    const count = number(0, 100);
    const sockets: Socket[] = [];
    let failed = 0;
    for (let opened = 0; opened < count; ) {
      const batch = Array.from({ length: Math.min(100, count - opened) }, dial);
      opened += batch.length;
      await Promise.all(
        batch.map(
          (socket) =>
            new Promise<void>((resolve) => {
              socket.once('connect', () => {
                sockets.push(socket);
                resolve();
              });
              socket.once('error', () => {
                failed += 1;
                resolve();
              });
            }),
        ),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, number(1, 1) * 1000));
    const answers = await Promise.all(
      sockets.map(
        (socket) =>
          new Promise<boolean>((resolve) => {
            const timer = setTimeout(() => resolve(false), 20_000);
            socket.once('data', () => {
              clearTimeout(timer);
              resolve(true);
            });
            socket.once('error', () => resolve(false));
            socket.write('alive?');
          }),
      ),
    );
    for (const socket of sockets) socket.destroy();
    return { count, failed, alive: answers.filter(Boolean).length };
  },
  /** Sends NUMBER patterned bytes, half-closes, and reads the server's count and digest. */
  async upload() {
    const bytes = number(0, 1 << 20);
    const socket = dial();
    const answer = readAll(socket);
    patternedBytes(bytes).pipe(socket);
    const { text, ending } = await answer;
    return { ending, equal: text === JSON.stringify({ bytes, sha256: patternDigest(bytes) }), text };
  },
  /** Asks for NUMBER patterned bytes and compares their digest. */
  async download() {
    const bytes = number(0, 1 << 20);
    const socket = dial();
    socket.write(`${bytes}\n`);
    const got = await readAll(socket);
    socket.end();
    return { ending: got.ending, bytes: got.bytes, equal: got.sha256 === patternDigest(bytes) };
  },
  /** Echoes NUMBER writes of 100 bytes each and counts what comes back. */
  async small() {
    const writes = number(0, 1000);
    const socket = dial();
    const answer = readAll(socket);
    for (let written = 0; written < writes; written++) {
      if (!socket.write(Buffer.alloc(100, written % 251))) {
        await new Promise((resolve) => socket.once('drain', resolve));
      }
    }
    socket.end();
    const got = await answer;
    return { ending: got.ending, bytes: got.bytes };
  },
  /** Reads until the end without saying a word, then ends: server-first, half-close by the server, truncation. */
  async listen() {
    const socket = dial();
    const answer = readAll(socket);
    const firstMs = number(0, 0);
    if (firstMs > 0) setTimeout(() => socket.end(), firstMs);
    const got = await answer;
    socket.end('sent after the server ended');
    await new Promise((resolve) => setTimeout(resolve, 300));
    return got;
  },
  /** Says one line and reads until the end. */
  async say() {
    const socket = dial();
    const answer = readAll(socket);
    socket.write('something\n');
    const got = await answer;
    socket.destroy();
    return got;
  },
  /** Waits for the first bytes, then resets. */
  async reset() {
    const socket = dial();
    await new Promise((resolve) => socket.once('data', resolve));
    socket.resetAndDestroy();
    await new Promise((resolve) => setTimeout(resolve, 200));
    return { reset: true };
  },
  /** NUMBER connections that write until they are held back and stay so; meanwhile a live one echoes beside them. */
  async stall() {
    const count = number(0, 200);
    const livePort = number(1, 7000);
    const errors: Record<string, number> = {};
    const stalled = Array.from({ length: count }, () => {
      const socket = dial();
      socket.on('error', (error: NodeJS.ErrnoException) => {
        const { code = 'error' } = error;
        errors[code] = (errors[code] ?? 0) + 1;
        socket.destroy();
      });
      const fill = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(64 * 1024)));
      };
      socket.on('connect', fill);
      socket.on('drain', fill);
      return socket;
    });
    await new Promise((resolve) => setTimeout(resolve, 4000));
    const live: string[] = [];
    for (let turn = 0; turn < 20; turn++) {
      live.push(
        await new Promise<string>((resolve) => {
          const socket = connect({ host, port: livePort });
          const timer = setTimeout(() => resolve('timeout'), 10_000);
          socket.once('connect', () => socket.write('live'));
          socket.once('data', () => {
            clearTimeout(timer);
            socket.destroy();
            resolve('ok');
          });
          socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
        }),
      );
    }
    const open = stalled.filter((socket) => !socket.destroyed).length;
    // A reset: what nobody reads would otherwise stay in the kernel's memory long after this process.
    for (const socket of stalled) socket.resetAndDestroy();
    return { stalled: open, live: live.filter((outcome) => outcome === 'ok').length, errors };
  },
};

const behave = behaviours[behaviour];
if (behave === undefined)
  throw new Error(`expected one of ${Object.keys(behaviours).join(', ')}, got ${behaviour}`);
console.log(JSON.stringify(await behave()));
process.exit(0);
