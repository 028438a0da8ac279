import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  type Authority,
  createSvidStore,
  explainHandshakeFailure,
  peerIdentity,
  type SecuredSocket,
  secureClient,
  serverTlsOptions,
  type SvidStore,
} from '../../../src/identity/index.ts';
import type { WorkloadIdentity } from '../../../src/model/index.ts';

/** A store whose certificates come from an authority in this process, without a wire between. */
export function storeOf(authority: Authority, ttlMs: number, renewalSpreadMs = 200): SvidStore {
  return createSvidStore({
    issue: ({ csrPem, identity, ttlMs: wanted }) => authority.issue({ csrPem, identity, ttlMs: wanted }),
    ttlMs,
    renewalSpreadMs,
  });
}

/** A server as the data plane builds it: HTTP/2 over TLS, the context exchanged at each rotation. */
export interface LiveServer {
  readonly port: number;
  /** Handshakes that failed, and sessions that were refused after one. */
  readonly refused: readonly Error[];
  readonly rotations: number;
  close(): Promise<void>;
}

export async function startServer(store: SvidStore, identity: WorkloadIdentity): Promise<LiveServer> {
  const refused: Error[] = [];
  const sockets = new Set<TLSSocket>();
  let svid = await store.get(identity, 'connection');
  let rotations = 0;
  const server: Http2SecureServer = createSecureServer(serverTlsOptions(svid));
  const unsubscribe = store.svidChanges.subscribe((next) => {
    if (next.identity.id !== identity.id) return;
    svid = next;
    rotations += 1;
    server.setSecureContext(next.tls.options);
  });
  server.on('session', (session) => {
    const socket = session.socket as TLSSocket;
    sockets.add(socket);
    session.on('close', () => sockets.delete(socket));
    session.on('error', (error) => refused.push(error));
    try {
      peerIdentity(socket, { trustDomain: identity.trustDomain }, svid.tls.verifier);
    } catch (error) {
      refused.push(error as Error);
      session.destroy();
    }
  });
  server.on('tlsClientError', (error, socket) => refused.push(explainHandshakeFailure(error, socket)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    refused,
    get rotations() {
      return rotations;
    },
    async close() {
      unsubscribe();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Dials, judges the server, and waits for its SETTINGS frame, which it sends only to a client that it accepted. */
export async function dial(
  store: SvidStore,
  from: WorkloadIdentity,
  to: WorkloadIdentity,
  port: number,
): Promise<void> {
  const svid = await store.get(from, 'connection');
  const socket = connectTcp(port, '127.0.0.1');
  const secured: SecuredSocket = await secureClient({
    socket,
    svid,
    expected: { identities: new Set([to.id]) },
  });
  await new Promise<void>((resolve, reject) => {
    secured.socket.once('data', () => resolve());
    secured.socket.once('error', reject);
    secured.socket.once('close', () => reject(new Error('closed by the server before SETTINGS')));
    secured.socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    secured.socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  });
  secured.socket.removeAllListeners('close');
  secured.socket.on('error', () => secured.socket.destroy());
  secured.socket.destroy();
}

/** Dials again and again until stopped; gives how often, and every failure. */
export function dialLoop(attempt: () => Promise<void>, pauseMs: number) {
  const failures: unknown[] = [];
  let count = 0;
  let stopped = false;
  const done = (async () => {
    while (!stopped) {
      count += 1;
      await attempt().catch((error: unknown) => failures.push(error));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await done;
      return { count, failures };
    },
  };
}

/** Waits in real time, at most 20 s. */
export async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new Error('expected a condition to come true within 20 s');
    await pause(2);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * The options of a test in which a server must see a client's intermediates: a loud skip under the versions of Node
 * that hide them (nodejs/node#65579).
 */
export function needsServersToSeeIntermediates(): { skip?: string } {
  if (!HIDING_VERSIONS.has(process.versions.node)) return {};
  const reason = `SKIPPED, NOT PASSED: Node ${process.versions.node} hides a client's intermediates from a server`;
  process.stderr.write(`\n*** ${reason}\n\n`);
  return { skip: reason };
}

const HIDING_VERSIONS: ReadonlySet<string> = new Set(['24.21.0', '26.8.0']);
