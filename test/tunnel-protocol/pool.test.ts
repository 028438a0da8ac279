import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { test } from 'tap';
import { MeshError } from '../../src/base/index.ts';
import { createTunnelPool, type TunnelOptions, type TunnelPool } from '../../src/tunnel-protocol/index.ts';
import type { IncomingTunnel } from '../../src/tunnel-protocol/server.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { ownHttp2 } from './support/implementations.ts';
import { readAll, type TestMesh, until, withMesh } from './support/tunnel-pair.ts';

const HEAD = { authority: '10.0.0.1:8080' };

interface PoolMesh {
  readonly mesh: TestMesh;
  readonly pool: TunnelPool<string>;
  readonly connects: string[];
}

interface PoolMeshOptions {
  readonly config?: TunnelOptions;
  readonly serverConfig?: TunnelOptions;
  readonly clock?: FakeClock;
  readonly connect?: (mesh: TestMesh, signal: AbortSignal) => Promise<TLSSocket>;
  readonly onTunnel?: (tunnel: IncomingTunnel<string>) => void;
}

async function withPool(options: PoolMeshOptions, work: (made: PoolMesh) => Promise<void>): Promise<void> {
  const { serverConfig, onTunnel } = options;
  const server = {
    ...(serverConfig === undefined ? {} : { config: serverConfig }),
    ...(onTunnel === undefined ? {} : { onTunnel }),
  };
  await withMesh(ownHttp2, server, async (mesh) => {
    const connects: string[] = [];
    const pool = createTunnelPool<string>({
      connect: (key, signal) => {
        connects.push(key);
        return options.connect === undefined ? mesh.dial() : options.connect(mesh, signal);
      },
      keyOf: (key) => key,
      config: options.config,
      clock: options.clock,
    });
    try {
      await work({ mesh, pool, connects });
    } finally {
      pool.destroy();
      await pool.close();
    }
  });
}

test('tunnels of one key share a session, those of another have their own', async (t) => {
  await withPool({}, async ({ pool, connects }) => {
    await Promise.all(Array.from({ length: 50 }, () => pool.open('a', HEAD)));
    t.same(connects, ['a']);
    await pool.open('b', HEAD);
    t.same(connects, ['a', 'b']);
    t.same(
      pool.sessions().map(({ key, session }) => [key, session.activeStreams]),
      [
        ['a', 50],
        ['b', 1],
      ],
    );
  });
});

test('the next session is begun before the last one is full, and none carries more than its share', async (t) => {
  await withPool({ config: { poolStreamsPerSession: 10 } }, async ({ pool, connects }) => {
    for (let index = 0; index < 9; index++) await pool.open('a', HEAD);
    t.equal(connects.length, 2, 'one stream is left on the first, and the second is on its way');
    for (let index = 0; index < 20; index++) await pool.open('a', HEAD);
    for (const { session } of pool.sessions()) t.ok(session.activeStreams <= 10);
    t.ok(pool.sessions().length <= 4);
  });
});

test('a crowd that arrives at once connects one session after the other', async (t) => {
  let inFlight = 0;
  let most = 0;
  const connect = async (mesh: TestMesh): Promise<TLSSocket> => {
    most = Math.max(most, ++inFlight);
    const socket = await mesh.dial();
    inFlight -= 1;
    return socket;
  };
  await withPool({ config: { poolStreamsPerSession: 10 }, connect }, async ({ pool }) => {
    await Promise.all(Array.from({ length: 45 }, () => pool.open('a', HEAD)));
    t.equal(most, 1);
    t.ok(pool.sessions().length >= 5);
  });
});

test("the peer's limit counts when it is lower", async (t) => {
  await withPool({ serverConfig: { maxConcurrentStreams: 3 } }, async ({ pool, mesh }) => {
    await Promise.all(Array.from({ length: 10 }, () => pool.open('a', HEAD)));
    for (const { session } of pool.sessions()) t.ok(session.activeStreams <= 3);
    t.equal(mesh.incoming.length, 10, 'what was refused went elsewhere, unseen');
  });
});

test('a session whose streams ended takes new ones', async (t) => {
  await withPool({ config: { poolStreamsPerSession: 2 } }, async ({ pool, connects }) => {
    for (let round = 0; round < 20; round++) {
      const { stream } = await pool.open('a', HEAD);
      stream.duplex.end();
      await readAll(stream.duplex);
    }
    t.ok(connects.length <= 2, `${connects.length} sessions`);
  });
});

test('a session without streams is released after its time', async (t) => {
  const clock = createFakeClock();
  await withPool({ clock }, async ({ pool }) => {
    const { stream } = await pool.open('a', HEAD);
    await clock.advance(9_000);
    stream.duplex.end();
    await readAll(stream.duplex);
    await until(() => pool.sessions()[0]?.session.activeStreams === 0, 'the stream ends');
    for (let second = 0; second < 299; second += 5) await clock.advance(5_000).then(settle);
    t.equal(pool.sessions().length, 1);
    await clock.advance(5_000);
    await until(() => pool.sessions().length === 0, 'the session is gone');
  });
});

test('a failed connect fails everybody who waits, and the next caller tries anew', async (t) => {
  let attempts = 0;
  const connect = (mesh: TestMesh): Promise<TLSSocket> => {
    attempts += 1;
    return attempts === 1 ? settle().then(() => Promise.reject(new Error('refused'))) : mesh.dial();
  };
  await withPool({ connect }, async ({ pool }) => {
    const outcomes = await Promise.allSettled([pool.open('a', HEAD), pool.open('a', HEAD)]);
    for (const outcome of outcomes)
      t.match(outcome, { status: 'rejected', reason: { code: 'ERR_TUNNEL_CONNECT', retryable: true } });
    t.equal(attempts, 1);
    await pool.open('a', HEAD);
  });
});

test('a verdict about the peer is not worth a retry', async (t) => {
  const verdict = new MeshError({
    code: 'ERR_TEST',
    blame: 'upstream',
    message: 'wrong identity',
    hint: 'look',
  });
  await withPool({ connect: () => Promise.reject(verdict) }, async ({ pool }) => {
    const error = await pool.open('a', HEAD).catch((reason) => reason);
    t.match(error, { code: 'ERR_TUNNEL_CONNECT', retryable: false, hint: 'look', cause: verdict });
  });
});

test('a connect that takes too long says what may be in the way', async (t) => {
  const clock = createFakeClock();
  let seen: AbortSignal | undefined;
  const connect = (_mesh: TestMesh, signal: AbortSignal): Promise<TLSSocket> => {
    seen = signal;
    return new Promise(() => undefined);
  };
  await withPool({ clock, connect }, async ({ pool }) => {
    const opening = pool.open('a', HEAD).catch((reason) => reason);
    await clock.advance(10_000);
    t.match(await opening, { code: 'ERR_TUNNEL_CONNECT_TIMEOUT', hint: /NetworkPolicy/, retryable: true });
    t.equal(seen?.aborted, true);
    t.equal(clock.pending, 0);
  });
});

test('one who waits for less than the others does not take them along', async (t) => {
  const clock = createFakeClock();
  const gate = Promise.withResolvers<void>();
  const connect = async (mesh: TestMesh): Promise<TLSSocket> => {
    await gate.promise;
    return mesh.dial();
  };
  await withPool({ clock, connect }, async ({ pool, connects }) => {
    const patient = pool.open('a', HEAD);
    const hurried = pool.open('a', HEAD, undefined, 2_000).catch((reason) => reason);
    await clock.advance(2_000);
    t.match(await hurried, { code: 'ERR_TUNNEL_CONNECT_TIMEOUT', message: /2000 ms/, retryable: true });
    gate.resolve();
    await patient;
    t.same(connects, ['a'], 'they waited for the same attempt');
  });
});

test('one who gives up does not take the others along', async (t) => {
  const abort = new AbortController();
  await withPool({}, async ({ pool }) => {
    const leaving = pool.open('a', HEAD, abort.signal).catch((reason) => reason);
    const staying = pool.open('a', HEAD);
    abort.abort();
    t.match(await leaving, { code: 'ERR_TUNNEL_ABORTED' });
    await staying;
  });
});

test('sessions that the peer ended are replaced, unseen by callers', async (t) => {
  await withPool({}, async ({ pool, mesh, connects }) => {
    for (let round = 0; round < 5; round++) {
      const { stream } = await pool.open('a', HEAD);
      stream.duplex.end();
      await readAll(stream.duplex);
      for (const { socket } of pool.sessions()) socket.destroy();
      // No waiting: the next open may meet the corpse.
    }
    t.equal(connects.length, 5);
    t.equal(mesh.incoming.length, 5);
  });
});

test('sessions whose peer no longer passes are cut', async (t) => {
  await withPool({}, async ({ pool }) => {
    const { stream } = await pool.open('a', HEAD);
    t.equal(
      pool.reverify(() => undefined),
      0,
    );
    t.equal(
      pool.reverify(() => {
        throw new Error('revoked');
      }),
      1,
    );
    t.equal(stream.endedCleanly, false);
    await until(() => pool.sessions().length === 0, 'the session is gone');
  });
});

test('a connection that ends before it is used is one failure, which may be tried again', async (t) => {
  const connect = async (mesh: TestMesh): Promise<TLSSocket> => {
    const socket = await mesh.dial();
    socket.destroy();
    await once(socket, 'close');
    return socket;
  };
  await withPool({ connect }, async ({ pool, connects }) => {
    await t.rejects(pool.open('a', HEAD), { code: 'ERR_TUNNEL_SESSION_CLOSED', retryable: true });
    t.same(connects, ['a']);
    t.same(pool.sessions(), []);
  });
});

test('closing lets tunnels finish, and takes no new ones', async (t) => {
  await withPool({}, async ({ pool }) => {
    const { stream } = await pool.open('a', HEAD);
    const closing = pool.close();
    await t.rejects(pool.open('a', HEAD), { code: 'ERR_TUNNEL_CLOSED' });
    stream.duplex.end('finish');
    t.equal(String(await readAll(stream.duplex)), 'finish');
    await closing;
    t.same(pool.sessions(), []);
  });
});

test('destroying fails those who wait', async (t) => {
  await withPool({ connect: () => new Promise(() => undefined) }, async ({ pool }) => {
    const opening = pool.open('a', HEAD).catch((reason) => reason);
    await settle();
    pool.destroy();
    t.match(await opening, { code: 'ERR_TUNNEL_CLOSED' });
  });
});

test('a refusal is passed on and costs no session', async (t) => {
  await withPool({ onTunnel: (tunnel) => tunnel.refuse(401, 'no') }, async ({ pool, connects }) => {
    await t.rejects(pool.open('a', HEAD), { code: 'ERR_TUNNEL_STATUS' });
    await t.rejects(pool.open('a', HEAD), { code: 'ERR_TUNNEL_STATUS' });
    t.equal(connects.length, 1);
  });
});

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
