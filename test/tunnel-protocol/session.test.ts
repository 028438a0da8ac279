import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { test } from 'tap';
import { MeshError } from '../../src/base/index.ts';
import { TunnelError } from '../../src/tunnel-protocol/index.ts';
import type { IncomingTunnel } from '../../src/tunnel-protocol/server.ts';
import type { TunnelStream } from '../../src/tunnel-protocol/session.ts';
import { implementations } from './support/implementations.ts';
import { echo, readAll, readBytes, until, withMesh } from './support/tunnel-pair.ts';

type Incoming = IncomingTunnel<string>;

const HEAD = { authority: '10.0.0.1:8080' };
const cut = new MeshError({ code: 'ERR_TEST', blame: 'local', message: 'the application reset' });

for (const implementation of implementations) {
  test(`${implementation.name}: bytes go through a tunnel both ways and the ends are clean`, async (t) => {
    await withMesh(implementation, {}, async (mesh) => {
      const session = await mesh.session();
      const { stream } = await session.open({ ...HEAD, baggage: 'k8s.namespace.name=shop' });
      const bytes = randomBytes(3_000_000);
      stream.duplex.end(bytes);
      t.ok((await readAll(stream.duplex)).equals(bytes));
      t.equal(stream.endedCleanly, true);
      t.match(mesh.incoming[0], {
        method: 'CONNECT',
        head: { authority: '10.0.0.1:8080', baggage: 'k8s.namespace.name=shop' },
        authority: { kind: 'address', address: '10.0.0.1', port: 8080 },
        peer: 'URI:spiffe://cluster.local/ns/shop/sa/frontend',
        local: { address: '127.0.0.1', port: mesh.port },
      });
      await until(() => session.activeStreams === 0 && mesh.server.activeStreams === 0, 'streams end');
    });
  });

  test(`${implementation.name}: the answer's baggage reaches the client`, async (t) => {
    const onTunnel = (tunnel: Incoming): void => echo(tunnel.accept({ baggage: 'service.name=cart' }).duplex);
    await withMesh(implementation, { onTunnel }, async (mesh) => {
      const opened = await (await mesh.session()).open(HEAD);
      t.same(opened.responseHeaders, { baggage: 'service.name=cart' });
    });
  });

  test(`${implementation.name}: a server speaks first`, async (t) => {
    const onTunnel = (tunnel: Incoming): void => {
      tunnel.accept().duplex.write('220 ready\r\n');
    };
    await withMesh(implementation, { onTunnel }, async (mesh) => {
      const { stream } = await (await mesh.session()).open(HEAD);
      t.equal(String(await readBytes(stream.duplex, 11)), '220 ready\r\n');
    });
  });

  test(`${implementation.name}: each half closes by itself, in either order`, async (t) => {
    let accepted: TunnelStream | undefined;
    const onTunnel = (tunnel: Incoming): void => {
      accepted = tunnel.accept();
    };
    await withMesh(implementation, { onTunnel }, async (mesh) => {
      const session = await mesh.session();
      for (const first of ['client', 'server'] as const) {
        const { stream } = await session.open(HEAD);
        const other = accepted as TunnelStream;
        const [ender, stayer] = first === 'client' ? [stream, other] : [other, stream];
        ender.duplex.end('last words');
        t.equal(String(await readAll(stayer.duplex)), 'last words', `${first} ends first`);
        t.equal(stayer.endedCleanly, true);
        stayer.duplex.write('still ');
        t.equal(String(await readBytes(ender.duplex, 6)), 'still ');
        stayer.duplex.end('here');
        t.equal(String(await readAll(ender.duplex)), 'here');
        t.equal(ender.endedCleanly, true);
      }
    });
  });

  test(`${implementation.name}: a reset on either side arrives as a failure, never as an end`, async (t) => {
    let accepted: TunnelStream | undefined;
    const onTunnel = (tunnel: Incoming): void => {
      accepted = tunnel.accept();
      accepted.duplex.on('error', () => undefined);
    };
    await withMesh(implementation, { onTunnel }, async (mesh) => {
      const session = await mesh.session();
      for (const side of ['client', 'server'] as const) {
        const { stream } = await session.open(HEAD);
        const other = accepted as TunnelStream;
        const [resetter, victim] = side === 'client' ? [stream, other] : [other, stream];
        victim.duplex.resume();
        resetter.duplex.on('error', () => undefined);
        resetter.duplex.write('cut off here');
        await once(victim.duplex, 'data');
        const failed = once(victim.duplex, 'error');
        const closed = new Promise((resolve) => victim.duplex.once('close', resolve));
        resetter.reset(cut);
        resetter.reset(cut);
        await failed;
        await closed;
        t.equal(victim.endedCleanly, false, `${side} resets`);
      }
      await until(() => session.activeStreams === 0, 'no stream is left');
    });
  });

  test(`${implementation.name}: a session cut in the middle fails its streams`, async (t) => {
    await withMesh(implementation, {}, async (mesh) => {
      const session = await mesh.session();
      const { stream } = await session.open(HEAD);
      const failed = once(stream.duplex, 'error');
      stream.duplex.resume();
      mesh.server.destroy();
      await failed;
      t.equal(stream.endedCleanly, false);
      await session.closed;
      t.equal(session.state, 'closed');
      await t.rejects(session.open(HEAD), { code: 'ERR_TUNNEL_SESSION_CLOSED', retryable: true });
    });
  });

  test(`${implementation.name}: a refusal carries its status and says whether to try elsewhere`, async (t) => {
    const onTunnel = (tunnel: Incoming): void =>
      tunnel.refuse(Number(tunnel.head.extra?.['x-status']), 'because');
    await withMesh(implementation, { onTunnel }, async (mesh) => {
      const session = await mesh.session();
      for (const [status, retryable] of [
        [400, false],
        [401, false],
        [503, true],
      ] as const) {
        const error = await session.open({ ...HEAD, extra: { 'x-status': `${status}` } }).catch((e) => e);
        t.type(error, TunnelError);
        t.match(error, { code: 'ERR_TUNNEL_STATUS', status, retryable });
      }
      await until(() => session.activeStreams === 0 && mesh.server.activeStreams === 0, 'streams end');
    });
  });

  test(`${implementation.name}: an authority that is none is answered with 400 and reported`, async (t) => {
    await withMesh(implementation, {}, async (mesh) => {
      const session = await mesh.session();
      for (const authority of ['10.0.0.1', 'a..b:80', '[::1:80', 'host:0', 'host:65536']) {
        const error = await session.open({ authority }).catch((e) => e);
        t.match(error, { status: 400 }, authority);
      }
      t.equal(mesh.badRequests.length, 5);
      t.match(mesh.badRequests[0], { error: { code: 'ERR_TUNNEL_AUTHORITY' }, method: 'CONNECT' });
    });
  });

  test(`${implementation.name}: giving up while the verdict is out ends the stream on both sides`, async (t) => {
    let verdictWanted: Incoming | undefined;
    const onTunnel = (tunnel: Incoming): void => {
      verdictWanted = tunnel;
    };
    await withMesh(implementation, { onTunnel }, async (mesh) => {
      const session = await mesh.session();
      const abort = new AbortController();
      const opening = session.open(HEAD, abort.signal);
      opening.catch(() => undefined);
      await until(() => verdictWanted !== undefined, 'the request arrives');
      abort.abort(new Error('changed my mind'));
      await t.rejects(opening, { code: 'ERR_TUNNEL_ABORTED' });
      await until(() => verdictWanted?.signal.aborted === true, 'the server learns of it');
      t.throws(() => verdictWanted?.accept(), { code: 'ERR_TUNNEL_STREAM_RESET' });
      verdictWanted?.refuse(503, 'too late');
      await until(() => session.activeStreams === 0, 'the stream is gone');
      await t.rejects(session.open(HEAD, AbortSignal.abort()), { code: 'ERR_TUNNEL_ABORTED' });
    });
  });

  test(`${implementation.name}: closing lets streams finish and takes no new ones`, async (t) => {
    await withMesh(implementation, {}, async (mesh) => {
      const session = await mesh.session();
      const { stream } = await session.open(HEAD);
      const closing = session.close();
      t.equal(session.state, 'draining');
      await t.rejects(session.open(HEAD), { code: 'ERR_TUNNEL_SESSION_CLOSED', retryable: true });
      stream.duplex.end('finish');
      t.equal(String(await readAll(stream.duplex)), 'finish');
      await closing;
      t.equal(session.state, 'closed');
    });
  });

  test(`${implementation.name}: a server that closes sends GOAWAY, and the streams that run finish`, async (t) => {
    await withMesh(implementation, {}, async (mesh) => {
      const session = await mesh.session();
      const { stream } = await session.open(HEAD);
      const closing = mesh.server.close();
      await until(() => session.state === 'draining', 'GOAWAY arrives');
      await t.rejects(session.open(HEAD), { code: 'ERR_TUNNEL_SESSION_CLOSED' });
      stream.duplex.end('finish');
      t.equal(String(await readAll(stream.duplex)), 'finish');
      await closing;
      await session.closed;
      await t.rejects(mesh.dial(), 'the port is closed');
    });
  });

  test(`${implementation.name}: two hundred stalled streams do not block a live one`, async (t) => {
    const onTunnel = (tunnel: Incoming): void => {
      const { duplex } = tunnel.accept();
      duplex.on('error', () => undefined);
      if (tunnel.authority.port === 1) duplex.pause();
      else duplex.pipe(duplex);
    };
    const config = { maxConcurrentStreams: 300 };
    await withMesh(implementation, { onTunnel, config }, async (mesh) => {
      const session = await mesh.session();
      await session.open(HEAD);
      const chunk = Buffer.alloc(512 * 1024);
      for (let index = 0; index < 200; index++) {
        const { stream } = await session.open({ authority: '10.0.0.1:1' });
        stream.duplex.on('error', () => undefined);
        stream.duplex.write(chunk);
      }
      const { stream: live } = await session.open(HEAD);
      const bytes = randomBytes(2_000_000);
      live.duplex.end(bytes);
      t.ok((await readAll(live.duplex)).equals(bytes));
    });
  });

  test(`${implementation.name}: a tunnel that has carried much still carries when many more are opened`, {
    timeout: 30_000,
  }, async (t) => {
    const onTunnel = (tunnel: Incoming): void => echo(tunnel.accept().duplex);
    await withMesh(implementation, { onTunnel }, async (mesh) => {
      const session = await mesh.session();
      const { stream } = await session.open(HEAD);
      // Less than half of its window, which nobody gives back, but more than each has when there are a hundred.
      const carried = randomBytes(1_500_000);
      stream.duplex.write(carried);
      t.ok((await readBytes(stream.duplex, carried.length)).equals(carried));
      for (let index = 1; index < 100; index++) await session.open(HEAD);
      stream.duplex.write('still here');
      t.equal(String(await readBytes(stream.duplex, 10)), 'still here');
    });
  });

  test(`${implementation.name}: a peer that fails authentication gets no stream`, async (t) => {
    const authenticate = (): string => {
      throw new Error('wrong trust domain');
    };
    await withMesh(implementation, { authenticate }, async (mesh) => {
      const session = await mesh.session();
      await t.rejects(session.open(HEAD));
      await session.closed;
      t.match(mesh.refusals[0], { message: /wrong trust domain|authentication/ });
      t.equal(mesh.incoming.length, 0);
    });
  });

  test(`${implementation.name}: sessions are asked again when trust changes`, async (t) => {
    let revoked = false;
    const authenticate = (): string => {
      if (revoked) throw new Error('revoked');
      return 'fine';
    };
    await withMesh(implementation, { authenticate }, async (mesh) => {
      const session = await mesh.session();
      const { stream } = await session.open(HEAD);
      stream.duplex.on('error', () => undefined);
      t.equal(mesh.server.reauthenticate(), 0);
      t.equal(session.state, 'open');
      revoked = true;
      t.equal(mesh.server.reauthenticate(), 1);
      await session.closed;
      t.equal(stream.endedCleanly, false);
    });
  });

  test(`${implementation.name}: a silent peer is given up after the keep-alive time`, async (t) => {
    await withMesh(implementation, {}, async (mesh) => {
      const config = { keepAliveIntervalMs: 30, keepAliveTimeoutMs: 60 };
      const session = await mesh.session({ config });
      const { stream } = await session.open(HEAD);
      await new Promise((resolve) => setTimeout(resolve, 250));
      t.equal(session.state, 'open', 'answered PINGs keep it');
      stream.duplex.on('error', () => undefined);
      // A peer whose process hangs: bytes arrive, nothing answers.
      const mute = implementation.connect(silentTransport(), { config });
      await mute.closed;
      t.equal(mute.state, 'closed');
    });
  });
}

function silentTransport(): Duplex {
  return new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
}
