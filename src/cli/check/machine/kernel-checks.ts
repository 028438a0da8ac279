import { type CheckResult, resultsOf } from '../check-result.ts';
import type { Machine } from './machine.ts';

const { ok, warning, failed } = resultsOf('machine');

/** Listening sockets can be handed to a new generation of a ztunnel without losing who waits on them. */
const MIGRATING_KERNEL = [5, 14] as const;
/** Below it system calls and matches that the redirection needs are missing. */
const OLDEST_KERNEL = [4, 19] as const;
const OLDEST_NODE = 24;
/** Each connection of a ztunnel has up to three. */
const FEW_DESCRIPTORS = 65_536;

/** The system itself: Linux, its version, Node's, and limits. */
export function kernelChecks(machine: Machine): readonly CheckResult[] {
  const { platform, kernel } = machine;
  if (platform !== 'linux')
    return [
      failed('kernel', platform, 'nodemesh works with Linux network namespaces: use a Linux machine or VM'),
    ];
  return [kernelVersion(kernel), nodeVersion(machine), descriptors(machine), ...sysctls(machine)];
}

function kernelVersion(kernel: string): CheckResult {
  if (isOlder(kernel, OLDEST_KERNEL))
    return failed('kernel', `Linux ${kernel}`, `${OLDEST_KERNEL.join('.')} or newer is needed`);
  if (isOlder(kernel, MIGRATING_KERNEL))
    return warning(
      'kernel',
      `Linux ${kernel}`,
      `from ${MIGRATING_KERNEL.join('.')} on no connection is lost that waits to be accepted while a ztunnel is replaced`,
    );
  return ok('kernel', `Linux ${kernel}`);
}

function isOlder(kernel: string, [wantedMajor, wantedMinor]: readonly [number, number]): boolean {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(kernel) ?? [];
  return Number(major) < wantedMajor || (Number(major) === wantedMajor && Number(minor) < wantedMinor);
}

function nodeVersion({ nodeVersion: version }: Machine): CheckResult {
  if (Number(version.split('.')[0]) >= OLDEST_NODE) return ok('Node', version);
  return failed('Node', version, `${OLDEST_NODE} or newer is needed; npx nodemesh brings its own`);
}

function descriptors({ descriptors: count }: Machine): CheckResult {
  if (count >= FEW_DESCRIPTORS) return ok('open files', `up to ${count} for a process`);
  return warning(
    'open files',
    `up to ${count} for a process`,
    `a ztunnel of a busy node needs more: ulimit -n ${FEW_DESCRIPTORS}, or LimitNOFILE of its unit`,
  );
}

const MIGRATE_REQ = '/proc/sys/net/ipv4/tcp_migrate_req';
const CONNTRACK_COUNT = '/proc/sys/net/netfilter/nf_conntrack_count';
const CONNTRACK_MAX = '/proc/sys/net/netfilter/nf_conntrack_max';
/** A table that is full drops packets of everybody. */
const FULL = 0.8;

function sysctls(machine: Machine): readonly CheckResult[] {
  const name = 'sysctl tcp_migrate_req';
  const migrate =
    machine.read(MIGRATE_REQ) === undefined
      ? warning(
          name,
          'the kernel does not have it',
          'connections that wait to be accepted are reset when a ztunnel is replaced',
        )
      : ok(name, 'there');
  return [migrate, conntrack(machine)];
}

function conntrack(machine: Machine): CheckResult {
  const name = 'sysctl nf_conntrack_max';
  const [count, most] = [machine.read(CONNTRACK_COUNT), machine.read(CONNTRACK_MAX)].map(Number);
  if (count === undefined || most === undefined || Number.isNaN(count) || Number.isNaN(most))
    // The module is loaded with the first rule that needs it.
    return ok(name, 'no connection is tracked yet');
  if (count < most * FULL) return ok(name, `${count} of ${most} entries in use`);
  return warning(
    name,
    `${count} of ${most} entries in use`,
    `a full table drops packets: sysctl -w net.netfilter.nf_conntrack_max=${most * 2}`,
  );
}
