import { readFileSync } from 'node:fs';
import { SECCOMP_PROFILE } from '../tools.ts';

/** As OCI's runtime specification names it. */
export interface SeccompFilter {
  readonly defaultAction: string;
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly SyscallRule[];
}

/**
 * What `RuntimeDefault` is for a container with these capabilities (`CAP_…`): the profile that runtimes share, made as strict
 * as containerd's where the one at hand is not. It lets everybody make namespaces and mounts, and use io_uring.
 */
export function runtimeDefault(capabilities: ReadonlySet<string>): SeccompFilter {
  const { defaultAction, archMap, syscalls } = JSON.parse(readFileSync(SECCOMP_PROFILE, 'utf8')) as Profile;
  const native = archMap.find(({ architecture }) => architecture === ARCHITECTURES[process.arch]);
  const isAdmin = capabilities.has('CAP_SYS_ADMIN');
  const denied = new Set([...NEVER, ...(isAdmin ? [] : ONLY_ADMINS)]);
  const applies = ({ includes = {}, excludes = {} }: ConditionalRule): boolean =>
    (includes.caps ?? []).every((name) => capabilities.has(name)) &&
    (includes.arches ?? [NATIVE]).includes(NATIVE) &&
    !(excludes.caps ?? []).some((name) => capabilities.has(name)) &&
    !(excludes.arches ?? []).includes(NATIVE);
  const rules = syscalls
    .filter(applies)
    .flatMap(({ names, action, errnoRet, args }): readonly SyscallRule[] => {
      const kept = action === 'SCMP_ACT_ALLOW' ? names.filter((name) => !denied.has(name)) : names;
      if (kept.length === 0) return [];
      return [{ names: kept, action, ...(errnoRet === undefined ? {} : { errnoRet }), args: args ?? [] }];
    });
  return {
    defaultAction,
    defaultErrnoRet: EPERM,
    architectures: native === undefined ? [] : [native.architecture, ...native.subArchitectures],
    syscalls: isAdmin ? rules : [...rules, ...WITHOUT_NAMESPACES],
  };
}

interface SyscallRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args: readonly object[];
}

interface Condition {
  readonly caps?: readonly string[];
  readonly arches?: readonly string[];
}

interface ConditionalRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args: readonly object[] | null;
  readonly includes?: Condition;
  readonly excludes?: Condition;
}

interface Profile {
  readonly defaultAction: string;
  readonly archMap: readonly {
    readonly architecture: string;
    readonly subArchitectures: readonly string[];
  }[];
  readonly syscalls: readonly ConditionalRule[];
}

const EPERM = 1;
const ENOSYS = 38;
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'SCMP_ARCH_X86_64',
  arm64: 'SCMP_ARCH_AARCH64',
};
const NATIVE = process.arch === 'x64' ? 'amd64' : process.arch;
const NEVER = ['io_uring_enter', 'io_uring_register', 'io_uring_setup'];
const ONLY_ADMINS = [
  ...['bpf', 'clone', 'clone3', 'fanotify_init', 'fsconfig', 'fsmount', 'fsopen', 'fspick', 'lookup_dcookie'],
  ...['mount', 'mount_setattr', 'move_mount', 'open_tree', 'perf_event_open', 'pivot_root', 'quotactl'],
  ...['quotactl_fd', 'setdomainname', 'sethostname', 'setns', 'syslog', 'umount', 'umount2', 'unshare'],
];
/** Threads and processes, but none in a namespace of its own: clone3's flags are in memory, so libraries must do with clone. */
const WITHOUT_NAMESPACES: readonly SyscallRule[] = [
  {
    names: ['clone'],
    action: 'SCMP_ACT_ALLOW',
    args: [{ index: 0, value: 0x7e02_0000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
  },
  { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS, args: [] },
];
