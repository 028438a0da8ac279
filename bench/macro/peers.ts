import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Ports of a peer's client end in the client pod, and of its server end in the server pod, by the responder's port. */
const LEGS = [
  { responder: 9000, local: 19000, tls: 18000 },
  { responder: 9001, local: 19001, tls: 18001 },
] as const;

export interface PeerConfig {
  readonly client: string;
  readonly server: string;
}

/** A throw-away authority and one certificate each for the two ends: mutual TLS 1.3 with P-256, as ours. */
export function makeCertificates(folder: string): void {
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=bench', '-days', '2');
  for (const end of ['client', 'server']) {
    openssl('req', ...key, '-keyout', `${end}.key`, '-out', `${end}.csr`, '-subj', `/CN=${end}`);
    const sign = [
      'x509',
      '-req',
      '-in',
      `${end}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
    ];
    openssl(...sign, '-out', `${end}.crt`, '-days', '2');
    execFileSync('sh', ['-c', `cat ${end}.crt ${end}.key > ${end}.pem`], { cwd: folder });
  }
}

/** HAProxy as an mTLS pair: two processes, one thread each. */
export function writeHaproxyConfig(folder: string, serverAddress: string): PeerConfig {
  const head = [
    'global',
    '  nbthread 1',
    '  maxconn 9000',
    'defaults',
    '  mode tcp',
    '  timeout connect 5s',
    '  timeout client 1h',
    '  timeout server 1h',
  ];
  const tls = (end: string): string =>
    `ssl crt ${folder}/${end}.pem ca-file ${folder}/ca.pem verify required`;
  const client = LEGS.flatMap((leg) => [
    `listen out${leg.local}`,
    `  bind 127.0.0.1:${leg.local}`,
    `  server far ${serverAddress}:${leg.tls} ${tls('client')}`,
  ]);
  const server = LEGS.flatMap((leg) => [
    `listen in${leg.tls}`,
    `  bind :${leg.tls} ${tls('server')} ssl-min-ver TLSv1.3`,
    `  server app 127.0.0.1:${leg.responder}`,
  ]);
  return writePair(folder, 'haproxy', [...head, ...client], [...head, ...server]);
}

/** stunnel as an mTLS pair. */
export function writeStunnelConfig(folder: string, serverAddress: string): PeerConfig {
  const head = (end: string): string[] => [
    'foreground = yes',
    'pid =',
    'debug = 3',
    'socket = l:TCP_NODELAY=1',
    'socket = r:TCP_NODELAY=1',
    `cert = ${folder}/${end}.pem`,
    `CAfile = ${folder}/ca.pem`,
    'verify = 2',
    'sslVersionMin = TLSv1.3',
  ];
  const client = LEGS.flatMap((leg) => [
    `[out${leg.local}]`,
    'client = yes',
    `accept = 127.0.0.1:${leg.local}`,
    `connect = ${serverAddress}:${leg.tls}`,
  ]);
  const server = LEGS.flatMap((leg) => [
    `[in${leg.tls}]`,
    `accept = ${leg.tls}`,
    `connect = 127.0.0.1:${leg.responder}`,
  ]);
  return writePair(folder, 'stunnel', [...head('client'), ...client], [...head('server'), ...server]);
}

function writePair(
  folder: string,
  name: string,
  client: readonly string[],
  server: readonly string[],
): PeerConfig {
  const paths = { client: join(folder, `${name}-client.conf`), server: join(folder, `${name}-server.conf`) };
  writeFileSync(paths.client, `${client.join('\n')}\n`);
  writeFileSync(paths.server, `${server.join('\n')}\n`);
  return paths;
}
