import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { inNamespace } from '../network/index.ts';
import type { ContainerCommand } from './container-command.ts';

/** Where a pod's processes live. */
export interface PodPlace {
  readonly namespace: string;
  readonly hostname: string;
  readonly resolvConfPath: string;
  readonly hostsPath: string;
  readonly volumesDirectory: string;
  /** What /etc/resolv.conf really is on this machine: it may be a link. */
  readonly resolvConfTarget: string;
}

/** Each container sees its own resolv.conf, hosts, host name and volumes, and otherwise this machine's files. */
const ENTER = [
  'mount --bind "$1" "$2"',
  'mount --bind "$3" /etc/hosts',
  '{ hostname "$4" 2>/dev/null || :; }',
  'work=$5 mounts=$6',
  'shift 6',
  'while [ "$mounts" -gt 0 ]; do mount --bind "$1" "$2" && { [ "$3" = rw ] || mount -o remount,bind,ro "$2"; } || exit 91; shift 3; mounts=$((mounts - 1)); done',
  'cd "$work"',
  'exec "$@"',
].join(' && ');

/** Starts a program in a pod, leading a process group of its own. Used for containers and for `exec` alike. */
export function spawnInPod(place: PodPlace, command: ContainerCommand, stdio: StdioOptions): ChildProcess {
  const [program = '', ...args] = inNamespace(place.namespace, [
    'unshare',
    '--mount',
    // Deleting a pod's namespace must reach here too, or this copy of its mount keeps it alive.
    '--propagation',
    'slave',
    '--uts',
    'sh',
    '-c',
    ENTER,
    'sh',
    place.resolvConfPath,
    place.resolvConfTarget,
    place.hostsPath,
    place.hostname,
    command.workingDirectory,
    String(command.mounts.length),
    ...command.mounts.flatMap(({ source, target, readOnly }) => [source, target, readOnly ? 'ro' : 'rw']),
    ...command.argv,
  ]);
  return spawn(program, args, { env: { ...command.environment }, stdio, detached: true });
}

/** Signals a process and all that it started; one that has gone already is left in peace. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
