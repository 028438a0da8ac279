import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { LabError } from '../errors.ts';
import { CONFIG_FILE, PID_FILE, SOCKET_FILE, SUPERVISOR_LOG, type SupervisorConfig } from '../state/index.ts';
import { hostPortCount, openHostPorts } from './dashboard-ports.ts';

/** The lab that was started. */
export interface Launched {
  /** Of the process that holds the lab: when it is gone, so is everything else. */
  readonly pid: number;
}

const SOCKET_BASE_MS = 30_000;
/** For each node's namespaces and agent. */
const SOCKET_NODE_MS = 1_500;
const POLL_MS = 15;

/**
 * Makes /run the lab's own (network namespaces and iptables' lock live there), keeping the state directory visible
 * where it is. The shell stays as the first process of the PID namespace and reaps what nobody else waits for.
 */
const PREPARE = `
state=$1; target=$2; shift 2
case $state/ in
  /run/*)
    mkdir -p "$state/private" && mount -t tmpfs -o mode=0755 tmpfs "$state/private" &&
    mkdir -p "$state/private/\${state#/run/}" && mount --bind "$state" "$state/private/\${state#/run/}" &&
    mount --rbind "$state/private" /run ;;
  *) mount -t tmpfs -o mode=0755 tmpfs /run ;;
esac || exit 90
case $target in /run/*) mkdir -p "$(dirname "$target")" && : > "$target" ;; esac
"$@"
exit $?
`;

/**
 * Starts the supervisor in new namespaces (network, mount, PID; and user, unless we are root) and resolves when it
 * answers. Rejects with what went wrong, from the supervisor's own log where there is one.
 */
export async function launchSupervisor(config: SupervisorConfig, isRoot: boolean): Promise<Launched> {
  const { stateDirectory, environment } = config;
  const flags = namespaceFlags(isRoot, environment);
  writeFileSync(join(stateDirectory, CONFIG_FILE), JSON.stringify(config, undefined, 2), { mode: 0o600 });
  const logFile = join(stateDirectory, SUPERVISOR_LOG);
  const output = openSync(logFile, 'w', 0o600);
  const dashboards = openHostPorts(hostPortCount(config));
  const child = spawn(
    'unshare',
    [
      ...flags,
      'sh',
      '-c',
      PREPARE,
      'nodemesh-lab',
      stateDirectory,
      config.resolvConfTarget,
      ...config.program,
      'lab-supervisor',
      stateDirectory,
    ],
    { env: { ...environment }, stdio: ['ignore', output, output, ...dashboards], detached: true, cwd: '/' },
  );
  for (const descriptor of [output, ...dashboards]) closeSync(descriptor);
  let ending: string | undefined;
  child.on('error', (error) => {
    ending = error.message;
  });
  child.on('exit', (code, signal) => {
    ending = signal ?? `exit ${code}`;
  });
  const socket = join(stateDirectory, SOCKET_FILE);
  const limitMs = SOCKET_BASE_MS + config.nodes.length * SOCKET_NODE_MS;
  const deadline = Date.now() + limitMs;
  while (!(await answers(socket))) {
    if (ending !== undefined || Date.now() > deadline) {
      if (child.pid !== undefined && ending === undefined) process.kill(child.pid, 'SIGKILL');
      throw new LabError({
        code: 'ERR_LAB_START',
        blame: 'local',
        message: `the supervisor did not come up (${ending ?? `no answer within ${limitMs / 1_000} s`})${lastLines(logFile)}`,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  child.unref();
  const pid = child.pid ?? 0;
  writeFileSync(join(stateDirectory, PID_FILE), String(pid));
  return { pid };
}

/** That the file is there is not enough: a socket has its name a moment before it takes connections. */
function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const attempt = connect(socket);
    attempt.once('connect', () => {
      attempt.destroy();
      resolve(true);
    });
    // Not yet: the caller asks again until it may wait no longer.
    attempt.once('error', () => resolve(false));
  });
}

function namespaceFlags(isRoot: boolean, environment: Readonly<Record<string, string>>): readonly string[] {
  const base = [
    ...(isRoot ? [] : ['--user', '--map-root-user']),
    '--net',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
  ];
  const tries = (flags: readonly string[]): { readonly ok: boolean; readonly text: string } => {
    const { status, stderr, error } = spawnSync('unshare', [...flags, 'true'], {
      env: { ...environment },
      encoding: 'utf8',
      timeout: 10_000,
    });
    return { ok: status === 0, text: error?.message ?? stderr.trim() };
  };
  const full = [...base, '--mount-proc'];
  const first = tries(full);
  if (first.ok) return full;
  // Inside some containers /proc is partly covered, and then a fresh one may not be mounted: the old one will do.
  if (tries(base).ok) return base;
  throw new LabError({
    code: 'ERR_LAB_START',
    blame: 'local',
    message: `this machine does not let ${isRoot ? 'root' : 'an ordinary user'} make namespaces: ${first.text}`,
    hint: isRoot
      ? 'inside a container, run it with --privileged'
      : 'allow it (sysctl kernel.unprivileged_userns_clone=1, on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0), or run as root',
  });
}

function lastLines(file: string): string {
  const text = readFileSync(file, 'utf8').trim();
  return text === '' ? '' : `:\n${text.split('\n').slice(-12).join('\n')}`;
}
