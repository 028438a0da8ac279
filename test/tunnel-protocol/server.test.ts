import { once } from 'node:events';
import net from 'node:net';
import type tls from 'node:tls';
import { test } from 'tap';
import { createBufferBudget } from '../../src/base/index.ts';
import { createTestAuthority } from './support/certificates.ts';
import { ownHttp2 } from './support/implementations.ts';
import {
  readAll,
  readBytes,
  type TestMesh,
  testCertificates,
  until,
  withMesh,
} from './support/tunnel-pair.ts';

const HEAD = { authority: '10.0.0.1:8080' };

/** True when a session with these options gets a tunnel. */
async function gets(mesh: TestMesh, options: tls.ConnectionOptions): Promise<boolean> {
  try {
    const session = ownHttp2.connect(await mesh.dial(options));
    try {
      await session.open(HEAD);
      return true;
    } finally {
      session.destroy();
      await session.closed;
    }
  } catch {
    // In TLS 1.3 a refused client learns of it at its first read, so either step may fail.
    return false;
  }
}

test('only a client with a certificate of ours, TLS 1.3 and ALPN h2 gets in', async (t) => {
  const stranger = createTestAuthority();
  const foreign = stranger.issue('spiffe://cluster.local/ns/shop/sa/frontend');
  stranger.remove();
  await withMesh(ownHttp2, {}, async (mesh) => {
    t.equal(await gets(mesh, {}), true);
    t.equal(await gets(mesh, { cert: undefined, key: undefined }), false, 'no certificate');
    t.equal(await gets(mesh, { cert: foreign.cert, key: foreign.key }), false, 'a foreign CA');
    t.equal(await gets(mesh, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }), false, 'TLS 1.2');
    t.equal(await gets(mesh, { ALPNProtocols: ['http/1.1'] }), false, 'another protocol');
    t.equal(mesh.incoming.length, 1);
    await until(() => mesh.refusals.length >= 4, 'each refusal is reported');
  });
});

test('a new certificate serves new sessions and leaves those that run alone', async (t) => {
  const authority = createTestAuthority();
  const rotated = authority.issue('spiffe://cluster.local/ns/shop/sa/cart');
  authority.remove();
  await withMesh(ownHttp2, {}, async (mesh) => {
    const session = await mesh.session();
    const { stream } = await session.open(HEAD);
    mesh.server.setSecureContext({ ...rotated, ca: [testCertificates().client.ca] });
    t.equal(await gets(mesh, {}), false, 'the client does not know the new root');
    t.equal(await gets(mesh, { ca: [rotated.ca] }), true);
    stream.duplex.end('still here');
    t.equal(String(await readAll(stream.duplex)), 'still here');
  });
});

test('a server that stops accepting goes on with its sessions', async (t) => {
  await withMesh(ownHttp2, {}, async (mesh) => {
    const session = await mesh.session();
    await mesh.server.stopAccepting();
    await mesh.server.stopAccepting();
    const { stream } = await session.open(HEAD);
    stream.duplex.end('served');
    t.equal(String(await readAll(stream.duplex)), 'served');
    await t.rejects(mesh.dial(), 'the port is closed');
  });
});

test('a connection that never speaks is dropped', async (t) => {
  await withMesh(ownHttp2, { config: { handshakeTimeoutMs: 80 } }, async (mesh) => {
    const raw = net.connect(mesh.port, '127.0.0.1');
    await once(raw.resume(), 'close');
    const silent = await mesh.dial();
    await once(silent.resume(), 'close');
    t.equal(mesh.server.sessions, 0);
    t.match(mesh.refusals.at(-1), { code: 'ERR_TUNNEL_PROTOCOL', message: /preface/ });
  });
});

test('a peer that breaks the protocol is told why, and reported', async (t) => {
  await withMesh(ownHttp2, {}, async (mesh) => {
    const socket = await mesh.dial();
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(socket, 'close');
    const goAway = Buffer.concat(chunks).subarray(-17);
    t.equal(goAway[3], 7, 'GOAWAY');
    t.equal(goAway.readUInt32BE(13), 1, 'PROTOCOL_ERROR');
    t.match(mesh.refusals[0], { code: 'ERR_TUNNEL_PROTOCOL' });
  });
});

test('a descriptor that does not listen is an error with a code', async (t) => {
  const server = ownHttp2.serve({
    tls: testCertificates().server,
    authenticate: () => 'nobody',
    onTunnel: () => undefined,
  });
  await t.rejects(server.listen(9_999), { code: 'ERR_TUNNEL_LISTEN' });
  server.destroy();
  await server.close();
});

test('a client that writes while the verdict is out loses nothing', async (t) => {
  const onTunnel = (tunnel: { accept(): { duplex: NodeJS.ReadWriteStream } }): void => {
    setTimeout(() => {
      const { duplex } = tunnel.accept();
      duplex.pipe(duplex);
    }, 20);
  };
  await withMesh(ownHttp2, { onTunnel }, async (mesh) => {
    const { stream } = await (await mesh.session()).open(HEAD);
    stream.duplex.end('early');
    t.equal(String(await readAll(stream.duplex)), 'early');
  });
});

test('a stalled reader holds its writer back, with bounded memory', async (t) => {
  const onTunnel = (tunnel: { accept(): { duplex: NodeJS.ReadWriteStream } }): void => {
    tunnel.accept().duplex.pause();
  };
  await withMesh(ownHttp2, { onTunnel }, async (mesh) => {
    const { stream } = await (await mesh.session()).open(HEAD);
    let taken = 0;
    const chunk = Buffer.alloc(64 * 1024);
    const pump = async (): Promise<void> => {
      while (taken < 64 * 1024 * 1024) {
        if (!stream.duplex.write(chunk)) await once(stream.duplex, 'drain');
        taken += chunk.length;
      }
    };
    pump().catch(() => undefined);
    await until(() => taken >= 4 * 1024 * 1024, 'what the windows let go is taken');
    await new Promise((resolve) => setTimeout(resolve, 300));
    t.ok(taken < 6 * 1024 * 1024, `${taken} bytes were taken`);
  });
});

test('two hundred stalled streams stay within bounded memory beside a live one', async (t) => {
  const account = createBufferBudget().account();
  const onTunnel = (tunnel: {
    authority: { port: number };
    accept(): { duplex: NodeJS.ReadWriteStream };
  }): void => {
    const { duplex } = tunnel.accept();
    if (tunnel.authority.port === 1) duplex.pause();
    else duplex.pipe(duplex);
  };
  const config = { maxConcurrentStreams: 250 };
  await withMesh(ownHttp2, { onTunnel, account, config }, async (mesh) => {
    const session = await mesh.session();
    // The peer's SETTINGS must be in before more than a hundred streams may be.
    await session.open(HEAD);
    const chunk = Buffer.alloc(64 * 1024);
    for (let index = 0; index < 200; index++) {
      const { duplex } = (await session.open({ authority: '10.0.0.1:1' })).stream;
      const pour = (): void => {
        while (duplex.write(chunk));
      };
      duplex.on('drain', pour);
      pour();
    }
    const { stream: live } = await session.open(HEAD);
    for (let round = 0; round < 50; round++) {
      live.duplex.write(chunk);
      await readBytes(live.duplex, chunk.length);
      t.ok(account.usedBytes < 64 * 1024 * 1024, `${account.usedBytes} bytes`);
    }
    t.equal(session.activeStreams, 202, 'none was cut');
  });
  t.equal(account.usedBytes, 0);
});

test('a server closes and destroys more than once, in any order', async (t) => {
  await withMesh(ownHttp2, {}, async (mesh) => {
    const session = await mesh.session();
    await session.open(HEAD);
    const closing = mesh.server.close();
    mesh.server.destroy();
    mesh.server.destroy();
    await Promise.all([closing, mesh.server.close(), session.closed]);
    t.equal(mesh.server.sessions, 0);
  });
});
