import { type AddressInfo, connect as connectTcp, createServer as createTcpServer } from 'node:net';
import { Duplex } from 'node:stream';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { test } from 'tap';
import {
  clientTlsOptions,
  explainHandshakeFailure,
  IdentityError,
  type PeerExpectation,
  peerIdentity,
  secureClient,
  serverTlsOptions,
  type TlsIdentity,
} from '../../src/identity/index.ts';
import { A, B, bundle, makeCertificate, makeRoot, tlsIdentity } from './support/certificates.ts';

interface Party {
  readonly tls: TlsIdentity;
}

interface Outcome {
  readonly client: string;
  readonly server: string;
}

const anybody: PeerExpectation = { trustDomain: 'cluster.local' };

/** One handshake over loopback: what each side made of it, by identity or error code. */
async function handshake(
  server: Party,
  client: Party,
  expected: PeerExpectation = anybody,
): Promise<Outcome> {
  return withServer(server, async (port, verdict) => {
    const raw = connectTcp(port, '127.0.0.1');
    const seen = await secureClient({ socket: raw, svid: client, expected }).then(
      async ({ socket, peer }) => {
        // TLS 1.3: the server's refusal of a client certificate arrives after the client's handshake is over.
        await new Promise((resolve) => {
          socket.once('data', resolve).once('close', resolve).once('error', resolve);
        });
        socket.destroy();
        return peer.id as string;
      },
      codeOf,
    );
    return { client: seen, server: await verdict };
  });
}

async function withServer<T>(
  party: Party,
  work: (port: number, verdict: Promise<string>) => Promise<T>,
): Promise<T> {
  const server: Server = createServer(serverTlsOptions(party));
  const sockets = new Set<TLSSocket>();
  const verdict = new Promise<string>((resolve) => {
    server.on('secureConnection', (socket) => {
      sockets.add(socket);
      socket.on('error', () => sockets.delete(socket));
      try {
        resolve(peerIdentity(socket, anybody, party.tls.verifier).id);
        socket.write('hello');
      } catch (error) {
        resolve(codeOf(error));
        socket.destroy();
      }
    });
    server.on('tlsClientError', (error, socket) => resolve(explainHandshakeFailure(error, socket).code));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await work((server.address() as AddressInfo).port, verdict);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

function codeOf(error: unknown): string {
  return error instanceof IdentityError ? error.code : String(error);
}

async function pki() {
  const root = await makeRoot();
  const trusted = bundle([root]);
  const good = (id: string) => makeCertificate({ signer: root, uris: [id] });
  return {
    root,
    trusted,
    a: tlsIdentity([await good(A.id)], trusted),
    b: tlsIdentity([await good(B.id)], trusted),
    wrong: async (options: Parameters<typeof makeCertificate>[0]) =>
      tlsIdentity([await makeCertificate({ signer: root, uris: [A.id], ...options })], trusted),
  };
}

test('two workloads prove their identities to each other, with a post-quantum key exchange and no name sent', async (t) => {
  const { a, b } = await pki();
  t.same(await handshake(b, a), { client: B.id, server: A.id });
  t.same(await handshake(b, a, { identities: new Set([B.id]) }), { client: B.id, server: A.id });
  await withServer(b, async (port, verdict) => {
    const { socket } = await secureClient({
      socket: connectTcp(port, '127.0.0.1'),
      svid: a,
      expected: anybody,
    });
    t.equal(socket.getProtocol(), 'TLSv1.3');
    t.equal(socket.getCipher().standardName, 'TLS_AES_256_GCM_SHA384');
    t.equal(socket.alpnProtocol, 'h2');
    t.notOk(socket.servername);
    t.equal(await verdict, A.id);
    socket.destroy();
  });
});

test('a connection that fails before its new owner listens harms nobody', async (t) => {
  const { a, b } = await pki();
  await withServer(b, async (port) => {
    const { socket } = await secureClient({
      socket: connectTcp(port, '127.0.0.1'),
      svid: a,
      expected: anybody,
    });
    socket.destroy(new Error('reset'));
    await new Promise((resolve) => socket.once('close', resolve));
    t.equal(socket.destroyed, true);
  });
});

test('X25519MLKEM768 is what gets negotiated, and X25519 or P-256 with older peers', async (t) => {
  const { a, b } = await pki();
  await withServer(b, async (port) => {
    t.equal(await negotiatedGroup(port, a, undefined), 0x11ec);
    t.equal(await negotiatedGroup(port, a, 'X25519'), 0x001d);
    t.equal(await negotiatedGroup(port, a, 'P-256'), 0x0017);
    t.equal(await negotiatedGroup(port, a, 'P-384'), undefined, 'nothing in common');
  });
});

test('a bad certificate is refused by the server, with the reason', async (t) => {
  const { trusted, b, wrong } = await pki();
  const stranger = await makeRoot('CN=stranger');
  const rows: readonly (readonly [string, Party])[] = [
    ['ERR_IDENTITY_PEER_EXPIRED', await wrong({ notAfterMs: Date.now() - 5000 })],
    ['ERR_IDENTITY_PEER_NOT_YET_VALID', await wrong({ notBeforeMs: Date.now() + 60_000 })],
    ['ERR_IDENTITY_PEER_TRUST_DOMAIN', await wrong({ uris: ['spiffe://elsewhere.example/ns/shop/sa/a'] })],
    ['ERR_IDENTITY_PEER_SAN', await wrong({ uris: [A.id, B.id] })],
    [
      'ERR_IDENTITY_PEER_SELF_SIGNED',
      tlsIdentity([await makeCertificate({ name: 'CN=me', uris: [A.id] })], trusted),
    ],
    [
      'ERR_IDENTITY_PEER_SELF_SIGNED',
      tlsIdentity([await makeCertificate({ signer: stranger, uris: [A.id] }), stranger], trusted),
    ],
    [
      'ERR_IDENTITY_PEER_UNTRUSTED',
      tlsIdentity([await makeCertificate({ signer: stranger, uris: [A.id] })], trusted),
    ],
    ['ERR_IDENTITY_PEER_USAGE', await wrong({ ca: true, usage: 0xff })],
  ];
  for (const [code, party] of rows) t.equal((await handshake(b, party)).server, code);
});

test('a bad certificate is refused by the client inside the handshake, with the reason', async (t) => {
  const { trusted, a, b, wrong } = await pki();
  const stranger = await makeRoot('CN=stranger');
  const rows: readonly (readonly [string, Party])[] = [
    ['ERR_IDENTITY_PEER_EXPIRED', await wrong({ notAfterMs: Date.now() - 5000 })],
    ['ERR_IDENTITY_PEER_TRUST_DOMAIN', await wrong({ uris: ['spiffe://elsewhere.example/ns/shop/sa/a'] })],
    ['ERR_IDENTITY_PEER_SAN', await wrong({ uris: [A.id, B.id] })],
    [
      'ERR_IDENTITY_PEER_SELF_SIGNED',
      tlsIdentity([await makeCertificate({ name: 'CN=me', uris: [A.id] })], trusted),
    ],
    [
      'ERR_IDENTITY_PEER_UNTRUSTED',
      tlsIdentity([await makeCertificate({ signer: stranger, uris: [A.id] })], trusted),
    ],
  ];
  for (const [code, party] of rows) t.equal((await handshake(party, a)).client, code);
  t.equal((await handshake(b, a, { identities: new Set([A.id]) })).client, 'ERR_IDENTITY_PEER_UNEXPECTED');
});

test('the client says which certificate it refused and why', async (t) => {
  const { a, wrong } = await pki();
  await withServer(
    await wrong({ notAfterMs: Date.UTC(2020, 0, 2), notBeforeMs: Date.UTC(2020, 0, 1) }),
    async (port) => {
      const dialing = secureClient({ socket: connectTcp(port, '127.0.0.1'), svid: a, expected: anybody });
      await t.rejects(dialing, { message: /got "spiffe:.*sa\/a" valid until 2020-01-02T00:00:00.000Z$/ });
    },
  );
});

test('a client without certificate, with TLS 1.2, or with another or no protocol name is refused', async (t) => {
  const { a, b, trusted } = await pki();
  const attempt = (options: object) =>
    withServer(b, async (port, verdict) => {
      const socket = connect({
        port,
        host: '127.0.0.1',
        ca: [...trusted.rootsPem],
        checkServerIdentity: () => undefined,
        ...options,
      });
      socket.on('error', () => socket.destroy());
      const seen = await verdict;
      socket.destroy();
      return seen;
    });
  const { cert, key } = a.tls.options;
  t.equal(await attempt({ cert, key, ALPNProtocols: ['h2'] }), A.id, 'the very same with everything right');
  t.equal(await attempt({ ALPNProtocols: ['h2'] }), 'ERR_IDENTITY_PEER_NO_CERTIFICATE');
  t.equal(
    await attempt({ cert, key, ALPNProtocols: ['h2'], maxVersion: 'TLSv1.2' }),
    'ERR_IDENTITY_PEER_PROTOCOL',
  );
  t.equal(await attempt({ cert, key, ALPNProtocols: ['http/1.1'] }), 'ERR_IDENTITY_PEER_PROTOCOL');
  t.equal(await attempt({ cert, key }), 'ERR_IDENTITY_PEER_PROTOCOL');
  t.equal(
    await attempt({ cert, key, ALPNProtocols: ['h2'], ciphers: 'TLS_CHACHA20_POLY1305_SHA256' }),
    'ERR_IDENTITY_HANDSHAKE',
  );
  const plain = await withServer(b, async (port, verdict) => {
    const socket = connectTcp(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\n\r\n'));
    socket.on('error', () => socket.destroy());
    const seen = await verdict;
    socket.destroy();
    return seen;
  });
  t.equal(plain, 'ERR_IDENTITY_PEER_PROTOCOL');
});

test('a session is never resumed, even by a client that keeps what it was given', async (t) => {
  const { a, b } = await pki();
  await withServer(b, async (port) => {
    const dial = (session: Buffer | undefined) =>
      new Promise<{ reused: boolean; session: Buffer | undefined }>((resolve, reject) => {
        const socket = connect({
          port,
          host: '127.0.0.1',
          ...a.tls.options,
          ALPNProtocols: ['h2'],
          checkServerIdentity: () => undefined,
          ...(session && { session }),
        });
        socket.once('error', reject);
        socket.once('session', (ticket: Buffer) => {
          const reused = socket.isSessionReused();
          socket.destroy();
          resolve({ reused, session: ticket });
        });
      });
    const first = await dial(undefined);
    t.ok(first.session, 'there is something to try with');
    t.equal((await dial(first.session)).reused, false);
  });
});

test('a handshake that hangs ends by its timeout, and by its signal, and lets go of the socket', async (t) => {
  const { a } = await pki();
  const silent = createTcpServer((socket) => socket.resume());
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const first = connectTcp(port, '127.0.0.1');
  await t.rejects(secureClient({ socket: first, svid: a, expected: anybody, timeoutMs: 50 }), {
    code: 'ERR_IDENTITY_HANDSHAKE',
    retryable: true,
  });
  t.ok(first.destroyed);
  const second = connectTcp(port, '127.0.0.1');
  const signal = AbortSignal.timeout(50);
  await t.rejects(secureClient({ socket: second, svid: a, expected: anybody, signal }), {
    name: 'TimeoutError',
  });
  t.ok(second.destroyed);
  await new Promise((resolve) => silent.close(resolve));
});

/** The group of the server's key share (IANA TLS Supported Groups), read off the wire of one handshake. */
async function negotiatedGroup(
  port: number,
  client: Party,
  curves: string | undefined,
): Promise<number | undefined> {
  const raw = connectTcp(port, '127.0.0.1');
  const received: Buffer[] = [];
  const wire = new Duplex({
    read: () => undefined,
    write: (chunk, _encoding, done) => void raw.write(chunk, done),
    final: (done) => void raw.end(done),
  });
  raw.on('data', (part) => {
    received.push(part);
    wire.push(part);
  });
  raw.on('error', (error) => wire.destroy(error));
  raw.on('close', () => wire.destroy());
  const own =
    curves === undefined ? {} : { ...client.tls.options, secureContext: undefined, ecdhCurve: curves };
  const socket = connect({ ...clientTlsOptions(client, anybody), ...own, socket: wire });
  await new Promise((resolve) => socket.once('secureConnect', resolve).once('error', resolve));
  socket.destroy();
  raw.destroy();
  const hello = Buffer.concat(received);
  // RFC 8446 §4.1.3: an echo of the session id follows 5 + 4 + 2 + 32 bytes, then suite and compression.
  if (hello[0] !== 0x16) return undefined;
  const extensions = 44 + (hello[43] ?? 0) + 3;
  for (let at = extensions + 2; at + 6 <= hello.length; at += 4 + hello.readUInt16BE(at + 2)) {
    if (hello.readUInt16BE(at) === 0x0033) return hello.readUInt16BE(at + 4);
  }
  return undefined;
}
