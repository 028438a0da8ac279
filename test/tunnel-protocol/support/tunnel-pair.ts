import { once } from 'node:events';
import tls, { type TLSSocket } from 'node:tls';
import type { Duplex } from 'node:stream';
import type {
  BadRequest,
  IncomingTunnel,
  TunnelServer,
  TunnelServerOptions,
} from '../../../src/tunnel-protocol/server.ts';
import type { SessionOptions, TunnelSession, TunnelTransport } from '../../../src/tunnel-protocol/session.ts';
import { createTestAuthority, type TestCertificate } from './certificates.ts';
import { openListeningDescriptor } from './listening-descriptor.ts';

/** One way to speak HBONE; the contract tests run against each. */
export interface Implementation {
  readonly name: string;
  connect(socket: TunnelTransport, options?: SessionOptions): TunnelSession;
  serve<Peer>(options: TunnelServerOptions<Peer>): TunnelServer;
}

export interface TestMesh {
  readonly server: TunnelServer;
  readonly port: number;
  readonly certificates: Certificates;
  readonly incoming: IncomingTunnel<string>[];
  readonly badRequests: BadRequest<string>[];
  readonly refusals: Error[];
  /** A TLS connection to the server, handshake done. */
  dial(options?: tls.ConnectionOptions): Promise<TLSSocket>;
  /** A client session to the server. */
  session(options?: SessionOptions): Promise<TunnelSession>;
}

export interface MeshOptions extends Partial<Omit<TunnelServerOptions<string>, 'tls'>> {
  readonly tls?: tls.TlsOptions;
}

export interface Certificates {
  readonly server: TestCertificate;
  readonly client: TestCertificate;
}

let certificates: Certificates | undefined;

export function testCertificates(): Certificates {
  if (certificates === undefined) {
    const authority = createTestAuthority();
    certificates = {
      server: authority.issue('spiffe://cluster.local/ns/shop/sa/cart'),
      client: authority.issue('spiffe://cluster.local/ns/shop/sa/frontend'),
    };
    authority.remove();
  }
  return certificates;
}

/** Runs `work` against a server that echoes unless told otherwise; closes everything and checks that it closes. */
export async function withMesh(
  implementation: Implementation,
  options: MeshOptions,
  work: (mesh: TestMesh) => Promise<void>,
): Promise<void> {
  const made = testCertificates();
  const incoming: IncomingTunnel<string>[] = [];
  const badRequests: BadRequest<string>[] = [];
  const refusals: Error[] = [];
  const sockets = new Set<TLSSocket>();
  const sessions = new Set<TunnelSession>();
  const server = implementation.serve<string>({
    authenticate: (socket) => socket.getPeerCertificate().subjectaltname ?? 'nobody',
    onTunnel: (tunnel) => {
      incoming.push(tunnel);
      echo(tunnel.accept().duplex);
    },
    onBadRequest: (request) => badRequests.push(request),
    onSessionRefused: (error) => refusals.push(error),
    ...options,
    tls: { ...made.server, rejectUnauthorized: true, ...options.tls },
  });
  const { fd, port } = openListeningDescriptor();
  await server.listen(fd);
  const dial = async (more: tls.ConnectionOptions = {}): Promise<TLSSocket> => {
    const socket = tls.connect({
      ...made.client,
      host: '127.0.0.1',
      port,
      ALPNProtocols: ['h2'],
      minVersion: 'TLSv1.3',
      checkServerIdentity: () => undefined,
      ...more,
    });
    sockets.add(socket);
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    socket.setNoDelay(true);
    return socket;
  };
  try {
    await work({
      server,
      port,
      certificates: made,
      incoming,
      badRequests,
      refusals,
      dial,
      async session(sessionOptions) {
        const session = implementation.connect(await dial(), sessionOptions);
        sessions.add(session);
        return session;
      },
    });
  } finally {
    for (const session of sessions) session.destroy();
    server.destroy();
    for (const socket of sockets) socket.destroy();
    await Promise.all([...sessions].map((session) => session.closed));
    await server.close();
  }
}

export function echo(duplex: Duplex): void {
  duplex.on('error', () => undefined);
  duplex.pipe(duplex);
}

/** Reads to the end; rejects when the stream fails first. */
export async function readAll(duplex: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of duplex.iterator({ destroyOnReturn: false })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Reads exactly so many bytes, leaving the stream open. */
export function readBytes(duplex: Duplex, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let have = 0;
    const done = (): void => {
      duplex.off('data', onData);
      duplex.off('error', reject);
      duplex.off('end', onEnd);
    };
    const onEnd = (): void => {
      done();
      reject(new Error(`ended after ${have} of ${length} bytes`));
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      have += chunk.length;
      if (have < length) return;
      done();
      duplex.pause();
      resolve(Buffer.concat(chunks));
    };
    duplex.on('data', onData);
    duplex.on('error', reject);
    duplex.on('end', onEnd);
    duplex.resume();
  });
}

export async function until(condition: () => boolean, what: string, timeoutMs = 30_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
