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
 * is used; where neither is allowed the file is skipped, loudly, and fails where CI=true. `asUser`: give root up first,
 * so that the way of ordinary users is tested also by root.
 */
export async function enterSandbox(
  file: string,
  options: { readonly asUser?: boolean; readonly timeoutMs?: number } = {},
): Promise<boolean> {
  if (process.env[INSIDE] === '1') return true;
  const isRoot = process.getuid?.() === 0;
  const prefix = isRoot && options.asUser === true ? AS_NOBODY : [];
  const unshare = isRoot && options.asUser !== true ? ['unshare'] : ['unshare', '--user', '--map-root-user'];
  const enter = [
    ...prefix,
    ...unshare,
    '--net',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
  ];
  const [command = '', ...parameters] = [...enter, 'sh', '-c', SETUP, 'sandbox'];
  const attempt = spawnSync(command, [...parameters, 'true'], { encoding: 'utf8' });
  if (attempt.status !== 0) {
    skipLoudly(file, `${attempt.stderr}${attempt.error ?? ''}`.trim());
    return false;
  }
  await t.spawn(
    command,
    [...parameters, process.execPath, file],
    { env: { ...process.env, [INSIDE]: '1' }, timeout: options.timeoutMs ?? 60_000 },
    `inside namespaces${options.asUser === true ? ' of an ordinary user' : ''}`,
  );
  return false;
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
  // Duplicate address detection would keep IPv6 addresses, link-local ones too, from use for a second.
  for (const scope of ['all', 'default'])
    writeSysctls(namespace, new Map([[`net.ipv6.conf.${scope}.accept_dad`, '0']]));
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
  run('ip', 'link', 'set', 'eth0', 'up');
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
const AS_NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
const SETUP =
  'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up && export XTABLES_LOCKFILE=/run/xtables.lock && exec "$@"';
