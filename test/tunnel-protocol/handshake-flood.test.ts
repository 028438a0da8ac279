import { once } from 'node:events';
import net from 'node:net';
import { test } from 'tap';
import { createHandshakeGate } from '../../src/tunnel-protocol/endpoint/server.ts';
import type { TunnelServerOptions } from '../../src/tunnel-protocol/server.ts';
import { createTestAuthority } from './support/certificates.ts';
import { ownHttp2 } from './support/implementations.ts';
import { until, withMesh } from './support/tunnel-pair.ts';

async function silentConnections(port: number, count: number, localAddress: string): Promise<net.Socket[]> {
  const sockets = Array.from({ length: count }, () => net.connect({ port, host: '127.0.0.1', localAddress }));
  for (const socket of sockets) socket.on('error', () => undefined).resume();
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return sockets;
}

const open = (sockets: readonly net.Socket[]): number => sockets.filter((socket) => !socket.destroyed).length;

test('connections that begin no handshake take no more room than there is', async (t) => {
  const handshakes = createHandshakeGate(50);
  await withMesh(ownHttp2, { handshakes }, async (mesh) => {
    const flood = await silentConnections(mesh.port, 300, '127.0.0.2');
    await until(() => open(flood) === 50, 'only 50 are left');
    t.equal(handshakes.pending, 50);
    await until(() => mesh.refusals.length >= 250, 'each that was let go is reported');
    t.match(mesh.refusals[0], { code: 'ERR_TUNNEL_FLOOD', message: /127\.0\.0\.2/ });
    for (const socket of flood) socket.destroy();
    await until(() => handshakes.pending === 0, 'none is counted after its end');
  });
});

test('a flood of unfinished handshakes pushes out its own, and nobody else gets hurt', async (t) => {
  const handshakes = createHandshakeGate(50);
  await withMesh(ownHttp2, { handshakes }, async (mesh) => {
    const quiet = await silentConnections(mesh.port, 5, '127.0.0.3');
    const flood = await silentConnections(mesh.port, 200, '127.0.0.2');
    await until(() => handshakes.pending === 50, 'only 50 wait');
    t.equal(open(quiet), 5);
    const session = await mesh.session();
    t.ok((await session.open({ authority: '10.0.0.1:80' })).stream, 'an honest peer is served meanwhile');
    t.equal(handshakes.pending, 49, 'the oldest of the flood made room; a finished handshake does not count');
    for (const socket of [...quiet, ...flood]) socket.destroy();
  });
});

test('a refused certificate is reported with what is wrong with it, and by whom it was shown', async (t) => {
  const told: unknown[] = [];
  const stranger = createTestAuthority();
  const shown = stranger.issue('spiffe://cluster.local/ns/shop/sa/frontend');
  stranger.remove();
  const onSessionRefused: TunnelServerOptions<string>['onSessionRefused'] = (_error, remote, verdict) =>
    void told.push({ remote, verdict });
  await withMesh(ownHttp2, { onSessionRefused }, async (mesh) => {
    const socket = await mesh.dial({ cert: shown.cert, key: shown.key });
    const port = socket.localPort;
    await once(socket.resume(), 'close');
    await until(() => told.length > 0, 'the refusal is reported');
    t.match(told, [{ remote: { address: '127.0.0.1', port }, verdict: /SIGN|VERIFY|ISSUER/ }]);
  });
});
