import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import {
  createNamedNamespace,
  deleteNamedNamespace,
  type NetNamespace,
  openNamespace,
  writeSysctls,
} from '../../src/net/index.ts';

/**
 * Runs a test file in network and mount namespaces of its own, so that it can do to the kernel's network what it
 * likes and everything is gone when it ends. Use at the top of a file:
 *
 *     if (await enterSandbox(import.meta.filename)) { test(…); … }
 *
 * Outside it starts the file again inside and returns false; inside it returns true. Without root a user namespace
 * is used; where neither is allowed the file is skipped, loudly, and fails where CI=true. `alsoAsUser`: root runs it
 * twice, once as an ordinary user in a user namespace.
 */
export async function enterSandbox(
  file: string,
  options: { readonly alsoAsUser?: boolean; readonly timeoutSeconds?: number } = {},
): Promise<boolean> {
  if (process.env[INSIDE] === '1') return true;
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await runInSandbox(file, ['unshare'], 'as root', options.timeoutSeconds);
  if (isRoot && options.alsoAsUser === true)
    await runInSandbox(
      file,
      [...AS_NOBODY, ...USER_NAMESPACE],
      'as an ordinary user',
      options.timeoutSeconds,
    );
  if (!isRoot) await runInSandbox(file, USER_NAMESPACE, 'as an ordinary user', options.timeoutSeconds);
  return false;
}

async function runInSandbox(
  file: string,
  enter: readonly string[],
  name: string,
  timeoutSeconds = 180,
): Promise<void> {
  const command = [...enter, ...NAMESPACES, 'sh', '-c', SETUP, 'sandbox'];
  // unshare is deaf to SIGTERM; killing it takes everything inside along.
  const limited = ['-s', 'KILL', String(timeoutSeconds), ...command];
  const attempt = spawnSync('timeout', [...limited, 'true'], { encoding: 'utf8' });
  if (attempt.status !== 0) {
    skipLoudly(file, `${attempt.stderr}${attempt.error ?? ''}`.trim());
    return;
  }
  // Debian keeps iptables and ip out of an ordinary user's path.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, [INSIDE]: '1' };
  await t.spawn('timeout', [...limited, process.execPath, file], { env }, `inside namespaces ${name}`);
}

/** A namespace for a test: open, with `lo` up. */
export interface TestNamespace {
  readonly name: string;
  readonly namespace: NetNamespace;
  /** Runs a command inside and returns its output; throws when it fails. */
  run(command: string, ...parameters: readonly string[]): string;
  /** Starts a process inside. The caller ends it (`endProcess`). */
  start(command: string, ...parameters: readonly string[]): ChildProcess;
  close(): void;
}

export function createTestNamespace(name: string): TestNamespace {
  const namespace = openNamespace(createNamedNamespace(name));
  const self: TestNamespace = {
    name,
    namespace,
    run: (command, ...parameters) =>
      namespace.inside(() => execFileSync(command, parameters, { encoding: 'utf8', timeout: 20_000 })),
    start: (command, ...parameters) =>
      namespace.inside(() => spawn(command, parameters, { stdio: ['pipe', 'pipe', 'inherit'] })),
    close() {
      namespace.close();
      deleteNamedNamespace(name);
    },
  };
  // Duplicate address detection would keep an address from use for a second.
  const noDetection = ['all', 'default'].map((scope) => [`net.ipv6.conf.${scope}.accept_dad`, '0'] as const);
  writeSysctls(namespace, new Map(noDetection));
  self.run('ip', 'link', 'set', 'lo', 'up');
  return self;
}

/** Two namespaces joined by a veth pair, `eth0` in each, with a default route through the other. */
export interface TestPair {
  /** 10.1.0.1 and fd01::1. */
  readonly client: TestNamespace;
  /** 10.1.0.2 and fd01::2. */
  readonly server: TestNamespace;
  close(): void;
}

export const CLIENT_ADDRESSES = { v4: '10.1.0.1', v6: 'fd01::1' } as const;
export const SERVER_ADDRESSES = { v4: '10.1.0.2', v6: 'fd01::2' } as const;

export function createTestPair(name: string): TestPair {
  const client = createTestNamespace(`${name}-client`);
  const server = createTestNamespace(`${name}-server`);
  const peer = `/proc/${process.pid}/fd/${server.namespace.fd}`;
  client.run('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', peer);
  // IPv6 starts on an end at once only if the other is up already, else when the kernel comes round to it, up to a
  // second later. So the end that was first goes down and up again.
  for (const [end, state] of [
    [server, 'up'],
    [client, 'up'],
    [server, 'down'],
    [server, 'up'],
  ] as const)
    end.run('ip', 'link', 'set', 'eth0', state);
  configure(client, CLIENT_ADDRESSES, SERVER_ADDRESSES);
  configure(server, SERVER_ADDRESSES, CLIENT_ADDRESSES);
  return {
    client,
    server,
    close() {
      client.close();
      server.close();
    },
  };
}

/** Ends a process and waits until it is gone. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'close');
  child.kill('SIGKILL');
  await gone;
}

function configure(
  { run }: TestNamespace,
  own: { readonly v4: string; readonly v6: string },
  other: { readonly v4: string; readonly v6: string },
): void {
  run('ip', 'address', 'add', `${own.v4}/24`, 'dev', 'eth0');
  run('ip', 'address', 'add', `${own.v6}/64`, 'dev', 'eth0', 'nodad');
  run('ip', 'route', 'add', 'default', 'via', other.v4);
  run('ip', '-6', 'route', 'add', 'default', 'via', other.v6);
}

function skipLoudly(file: string, complaint: string): void {
  const reason = `SKIPPED, NOT PASSED: no namespaces here (${complaint}); run as root or allow user namespaces`;
  if (process.env.CI === 'true') throw new Error(`CI must be able to make namespaces: ${reason}`);
  process.stderr.write(`\n*** ${file}: ${reason}\n\n`);
  t.test(file, { skip: reason }, async () => undefined);
}

const INSIDE = 'NODEMESH_TEST_SANDBOX';
const NAMESPACES = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
const USER_NAMESPACE = ['unshare', '--user', '--map-root-user'];
const AS_NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
const SETUP =
  'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up && export XTABLES_LOCKFILE=/run/xtables.lock && exec "$@"';
