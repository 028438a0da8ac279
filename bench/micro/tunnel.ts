import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { implementations } from '../../test/tunnel-protocol/support/implementations.ts';
import { openListeningDescriptor } from '../../test/tunnel-protocol/support/listening-descriptor.ts';
import {
  echo,
  type Implementation,
  testCertificates,
} from '../../test/tunnel-protocol/support/tunnel-pair.ts';
import type { TunnelServer } from '../../src/tunnel-protocol/server.ts';
import type { TunnelSession } from '../../src/tunnel-protocol/session.ts';

/**
 * Client and server of each implementation in one process over loopback TLS. Rates are per second of
 * CPU, both ends together, so that a busy machine does not change them much; compare rows, not machines.
 * Usage: node --expose-gc bench/micro/tunnel.ts [name of an implementation]
 */
const HEAD = { authority: '10.0.0.1:80', baggage: 'k8s.cluster.name=Kubernetes,k8s.namespace.name=shop' };
const RUN_MS = 2_000;

async function main(): Promise<void> {
  const wanted = process.argv[2];
  const rows: Record<string, Record<string, string>> = {};
  for (const implementation of implementations) {
    if (wanted !== undefined && implementation.name !== wanted) continue;
    const { server, session } = await start(implementation);
    await echoRate(session, 16, 500);
    const row: Record<string, string> = {};
    row['KiB per idle tunnel (both ends)'] = (await memory(session)).toFixed(1);
    row['1 KiB echoes/s, 1 stream'] = (await echoRate(session, 1, RUN_MS)).toFixed(0);
    row['1 KiB echoes/s, 16 streams'] = (await echoRate(session, 16, RUN_MS)).toFixed(0);
    row['1 KiB echoes/s, 64 streams'] = (await echoRate(session, 64, RUN_MS)).toFixed(0);
    row['MiB/s, 1 stream'] = (await bulk(session)).toFixed(0);
    row['new tunnels/s'] = (await openRate(session)).toFixed(0);
    rows[implementation.name] = row;
    session.destroy();
    server.destroy();
    await session.closed;
  }
  console.table(rows);
}

async function start(
  implementation: Implementation,
): Promise<{ server: TunnelServer; session: TunnelSession }> {
  const certificates = testCertificates();
  const server = implementation.serve({
    tls: { ...certificates.server, rejectUnauthorized: true },
    config: { maxConcurrentStreams: 5_000 },
    authenticate: () => 'peer',
    onTunnel: (tunnel) => {
      const { duplex } = tunnel.accept();
      if (tunnel.authority.port === 1) duplex.resume().on('end', () => duplex.end());
      else echo(duplex);
    },
  });
  const { fd, port } = openListeningDescriptor();
  await server.listen(fd);
  const socket = tls.connect({
    ...certificates.client,
    host: '127.0.0.1',
    port,
    ALPNProtocols: ['h2'],
    checkServerIdentity: () => undefined,
  });
  await once(socket, 'secureConnect');
  socket.setNoDelay(true);
  return { server, session: implementation.connect(socket, { config: { initialMaxSendStreams: 5_000 } }) };
}

async function echoRate(session: TunnelSession, streams: number, runMs: number): Promise<number> {
  const payload = Buffer.alloc(1024, 'x');
  const duplexes: Duplex[] = [];
  let echoes = 0;
  for (let index = 0; index < streams; index++) {
    const { duplex } = (await session.open(HEAD)).stream;
    let have = 0;
    duplex.on('data', (chunk: Buffer) => {
      have += chunk.length;
      if (have < payload.length || duplex.writableEnded) return;
      have = 0;
      echoes += 1;
      duplex.write(payload);
    });
    duplexes.push(duplex);
  }
  const startCpuMs = cpuMs();
  for (const duplex of duplexes) duplex.write(payload);
  await new Promise((resolve) => setTimeout(resolve, runMs));
  const rate = (echoes * 1000) / (cpuMs() - startCpuMs);
  await Promise.all(duplexes.map(finish));
  return rate;
}

async function bulk(session: TunnelSession): Promise<number> {
  const { duplex } = (await session.open({ authority: '10.0.0.1:1' })).stream;
  duplex.resume();
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let bytes = 0;
  const startCpuMs = cpuMs();
  const startMs = performance.now();
  while (performance.now() - startMs < RUN_MS) {
    bytes += chunk.length;
    if (!duplex.write(chunk)) await once(duplex, 'drain');
  }
  await finish(duplex);
  return bytes / 1024 / 1024 / ((cpuMs() - startCpuMs) / 1000);
}

async function openRate(session: TunnelSession): Promise<number> {
  let opened = 0;
  const startCpuMs = cpuMs();
  const startMs = performance.now();
  const worker = async (): Promise<void> => {
    while (performance.now() - startMs < RUN_MS) {
      const { duplex } = (await session.open(HEAD)).stream;
      await finish(duplex);
      opened += 1;
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  return (opened * 1000) / (cpuMs() - startCpuMs);
}

async function memory(session: TunnelSession): Promise<number> {
  const before = residentBytes();
  const duplexes: Duplex[] = [];
  const count = 4_000;
  for (let index = 0; index < count; index++) {
    const { duplex } = (await session.open(HEAD)).stream;
    duplex.resume();
    duplexes.push(duplex);
  }
  const perTunnel = (residentBytes() - before) / 1024 / count;
  await Promise.all(duplexes.map(finish));
  return perTunnel;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Everything that JavaScript holds, in and out of its heap. */
function residentBytes(): number {
  globalThis.gc?.();
  const usage = process.memoryUsage();
  return usage.heapUsed + usage.external;
}

function finish(duplex: Duplex): Promise<void> {
  return new Promise((resolve) => {
    duplex.on('close', resolve);
    duplex.on('error', () => undefined);
    duplex.end();
    duplex.resume();
  });
}

await main();
