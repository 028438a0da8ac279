import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterPrograms } from './assets.ts';
import { isReady } from './is-ready.ts';
import { endProgram, startProgram } from './program.ts';

/** Who comes with a token. */
export interface ClusterUser {
  readonly name: string;
  readonly group: string;
  readonly token: string;
}

export interface ClusterOptions {
  /** Of this machine, where the API server listens. Default: loopback. */
  readonly address?: string;
  /** Beside the one who may do everything. Default: nobody. */
  readonly users?: readonly ClusterUser[];
  /** Kubernetes' own controllers run, so that each namespace has its default account. Default: they do not. */
  readonly hasControllers?: boolean;
}

/** A real control plane: etcd and kube-apiserver. No nodes, no controllers, no scheduler. */
export interface TestCluster {
  /** A file; its user may do everything. */
  readonly kubeconfig: string;
  /** `https://127.0.0.1:PORT`. */
  readonly server: string;
  /** What both programs have: `accounts.key` signs tokens, `certificates/apiserver.crt` is the API server's. */
  readonly folder: string;
  /** Ends both programs and removes what they wrote. */
  stop(): Promise<void>;
  /** Kills the API server alone; etcd keeps its objects. */
  killApiServer(): Promise<void>;
  /** Starts it again where it was. */
  restartApiServer(): Promise<void>;
  /** Forgets all versions of objects but the present ones: a watch from an older one is answered with 410. */
  compact(): Promise<void>;
  /** A token of these claims with the signature of the API server's own; none of them is checked here. */
  signToken(claims: object): string;
  /** The requests of one user that were answered so far, oldest first. */
  requestsOf(user: string): Promise<readonly AuditedRequest[]>;
}

/** One line of the API server's audit log. */
export interface AuditedRequest {
  readonly verb: string;
  readonly requestURI: string;
  /** None for discovery. */
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus: { readonly code: number };
}

const READY_WITHIN_MS = 120_000;

/** Resolves when the API server is ready; rejects with the end of its log when it does not become so. */
export async function startCluster(
  programs: ClusterPrograms,
  { address = '127.0.0.1', users = [], hasControllers = false }: ClusterOptions = {},
): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'nodemesh-apiserver-'));
  const [clientPort, peerPort, apiPort] = await freePorts();
  const token = randomBytes(16).toString('hex');
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const file = (name: string): string => join(folder, name);
  await writeFile(file('accounts.key'), keys.privateKey, { mode: 0o600 });
  await writeFile(file('accounts.pub'), keys.publicKey);
  const known = [{ name: 'admin', group: 'system:masters', token }, ...users];
  const lines = known.map((user) => `${user.token},${user.name},${user.name},"${user.group}"\n`);
  await writeFile(file('tokens.csv'), lines.join(''), { mode: 0o600 });
  await writeFile(file('audit.json'), JSON.stringify(AUDIT_POLICY));
  const server = `https://${address}:${apiPort}`;
  const kubeconfig = file('kubeconfig');

  const etcd = await startProgram(programs.etcd, file('etcd.log'), [
    `--data-dir=${file('etcd')}`,
    `--listen-client-urls=http://127.0.0.1:${clientPort}`,
    `--advertise-client-urls=http://127.0.0.1:${clientPort}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-cluster=default=http://127.0.0.1:${peerPort}`,
    '--unsafe-no-fsync',
  ]);
  const startApiServer = (): Promise<ChildProcess> =>
    startProgram(programs.apiServer, file('apiserver.log'), [
      `--etcd-servers=http://127.0.0.1:${clientPort}`,
      `--bind-address=${address}`,
      `--secure-port=${apiPort}`,
      `--cert-dir=${file('certificates')}`,
      `--token-auth-file=${file('tokens.csv')}`,
      '--authorization-mode=RBAC,Node',
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-signing-key-file=${file('accounts.key')}`,
      `--service-account-key-file=${file('accounts.pub')}`,
      '--service-cluster-ip-range=10.96.0.0/16',
      '--allow-privileged=true',
      `--audit-policy-file=${file('audit.json')}`,
      `--audit-log-path=${file('audit.log')}`,
      '--audit-log-mode=blocking',
      `--advertise-address=${address}`,
      '--kubelet-preferred-address-types=InternalIP',
      '--enable-admission-plugins=NodeRestriction',
      // There may be no controller here that would make each namespace's default account.
      ...(hasControllers ? [] : ['--disable-admission-plugins=ServiceAccount']),
    ]);
  let apiServer = await startApiServer();

  const cluster: TestCluster = {
    kubeconfig,
    server,
    folder,
    async stop() {
      await endProgram(apiServer, 'SIGTERM');
      await endProgram(etcd, 'SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
    killApiServer: () => endProgram(apiServer, 'SIGKILL'),
    async restartApiServer() {
      apiServer = await startApiServer();
      await ready();
    },
    signToken: (claims) => signJwt(claims, keys.privateKey),
    compact: () => compactEtcd(`http://127.0.0.1:${clientPort}`),
    async requestsOf(user) {
      const lines = (await readFile(file('audit.log'), 'utf8')).trimEnd().split('\n');
      return lines
        .map((line) => JSON.parse(line) as AuditedRequest & { readonly user: { readonly username: string } })
        .filter(({ user: { username } }) => username === user);
    },
  };

  async function ready(): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!(await isReady(server, token))) {
      if (apiServer.exitCode === null && Date.now() < deadline) {
        await delay(200);
        continue;
      }
      const log = await readFile(file('apiserver.log'), 'utf8');
      throw new Error(`expected the API server to become ready, its log ends with:\n${log.slice(-3000)}`);
    }
  }

  try {
    await ready();
    await writeFile(kubeconfig, kubeconfigOf(server, token), { mode: 0o600 });
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** A kubeconfig whose user is the bearer of `token`. The certificate is not checked: the server made it for itself on loopback. */
export function kubeconfigOf(server: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  });
}

/** RS256, with the private key in PEM. */
export function signJwt(claims: object, privateKey: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

/** Through etcd's JSON gateway, at a revision that nobody has heard of: one that a key of no kind has made. */
async function compactEtcd(etcd: string): Promise<void> {
  const ask = async (path: string, body: object): Promise<Readonly<Record<string, unknown>>> => {
    const response = await fetch(`${etcd}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd: ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Readonly<Record<string, unknown>>;
  };
  const { header } = await ask('put', { key: btoa('nodemesh-test'), value: '' });
  await ask('compaction', { revision: (header as { readonly revision: string }).revision, physical: true });
}

/** Who asked for what; watches when they begin, for they may never end. */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  rules: [
    { level: 'Metadata', verbs: ['watch'], omitStages: ['RequestReceived', 'ResponseComplete'] },
    { level: 'Metadata', userGroups: ['system:serviceaccounts'], omitStages: ['RequestReceived'] },
    { level: 'None' },
  ],
};

async function freePorts(): Promise<readonly [number, number, number]> {
  const servers = [createServer(), createServer(), createServer()];
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            resolve(typeof address === 'object' && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  const [client = 0, peer = 0, api = 0] = ports;
  return [client, peer, api];
}
