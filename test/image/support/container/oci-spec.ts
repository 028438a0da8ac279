import type { BuiltImage } from '../build-image.ts';
import type { PodContainer, PodSpec, SecurityContext } from './pod-spec.ts';
import { runtimeDefault } from './seccomp.ts';

/** Where a container runs; what in a cluster the kubelet knows. */
export interface Placement {
  readonly podName: string;
  readonly podNamespace: string;
  readonly nodeName: string;
  /** A file that leads to the pod's network namespace. */
  readonly networkNamespace: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface Mount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** A container of a pod as OCI's runtime specification has it: what containerd makes of it, from the same fields. */
export function ociSpec(
  image: BuiltImage,
  pod: PodSpec,
  container: PodContainer,
  placement: Placement & { readonly mounts: readonly Mount[]; readonly root: string },
): object {
  const security: SecurityContext = { ...pod.securityContext, ...container.securityContext };
  const [uid, gid] = userOf(image, security);
  if (security.runAsNonRoot === true && uid === 0)
    throw new Error('the kubelet refuses: runAsNonRoot, user 0');
  if (security.privileged === true) throw new Error('expected no container of ours to be privileged');
  const capabilities = capabilitiesOf(security);
  const granted = [...capabilities];
  const seccomp =
    security.seccompProfile?.type === 'RuntimeDefault' ? { seccomp: runtimeDefault(capabilities) } : {};
  const { fsGroup } = pod.securityContext ?? {};
  return {
    ociVersion: '1.0.2',
    root: { path: placement.root, readonly: security.readOnlyRootFilesystem === true },
    hostname: placement.podName,
    process: {
      user: { uid, gid, ...(fsGroup === undefined ? {} : { additionalGids: [fsGroup] }) },
      args: commandOf(image, container, placement),
      env: Object.entries(environmentOf(image, container, placement)).map(
        ([name, value]) => `${name}=${value}`,
      ),
      cwd: '/',
      noNewPrivileges: security.allowPrivilegeEscalation === false,
      // Those of a user other than 0 are gone when the program starts: only the bounds are left.
      capabilities: {
        bounding: granted,
        ...(uid === 0 ? { effective: granted, permitted: granted } : {}),
      },
    },
    mounts: [...DEFAULT_MOUNTS, ...placement.mounts],
    linux: {
      namespaces: [
        ...['pid', 'mount', 'ipc', 'uts'].map((type) => ({ type })),
        { type: 'network', path: placement.networkNamespace },
      ],
      ...seccomp,
      maskedPaths: MASKED,
      readonlyPaths: ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`),
    },
  };
}

function userOf(
  { config }: BuiltImage,
  { runAsUser, runAsGroup }: SecurityContext,
): readonly [number, number] {
  const [user = 0, group = 0] = config.User.split(':').map(Number);
  // A user of the pod's own is in group 0 where the pod names none.
  return runAsUser === undefined ? [user, runAsGroup ?? group] : [runAsUser, runAsGroup ?? 0];
}

/** As `CAP_…`. */
export function capabilitiesOf({ capabilities = {} }: SecurityContext): ReadonlySet<string> {
  const { add = [], drop = [] } = capabilities;
  const kept = drop.includes('ALL') ? [] : RUNTIME_CAPABILITIES.filter((name) => !drop.includes(name));
  return new Set([...kept, ...add].map((name) => `CAP_${name}`));
}

function commandOf({ config }: BuiltImage, container: PodContainer, placement: Placement): readonly string[] {
  const variables = variablesOf(container, placement);
  const expand = (text: string): string =>
    text.replaceAll(/\$\((\w+)\)/g, (whole, name: string) => variables[name] ?? whole);
  const { command, args } = container;
  return [...(command ?? config.Entrypoint), ...(args ?? (command === undefined ? config.Cmd : []))].map(
    expand,
  );
}

function environmentOf({ config }: BuiltImage, container: PodContainer, placement: Placement) {
  const fromImage = Object.fromEntries(config.Env.map((entry) => entry.split(/=(.*)/s) as [string, string]));
  const own = { HOSTNAME: placement.podName, HOME: '/', ...placement.environment };
  return { ...fromImage, ...own, ...variablesOf(container, placement) };
}

function variablesOf({ env = [] }: PodContainer, placement: Placement): Readonly<Record<string, string>> {
  const fields: Readonly<Record<string, string>> = {
    'metadata.name': placement.podName,
    'metadata.namespace': placement.podNamespace,
    'spec.nodeName': placement.nodeName,
  };
  return Object.fromEntries(
    env.map(({ name, value, valueFrom }) => [
      name,
      value ?? fields[valueFrom?.fieldRef?.fieldPath ?? ''] ?? '',
    ]),
  );
}

/** What containerd gives where a pod says nothing. */
const RUNTIME_CAPABILITIES = [
  ...[
    'AUDIT_WRITE',
    'CHOWN',
    'DAC_OVERRIDE',
    'FOWNER',
    'FSETID',
    'KILL',
    'MKNOD',
    'NET_BIND_SERVICE',
    'NET_RAW',
  ],
  ...['SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
];
const MASKED = [
  ...[
    'acpi',
    'asound',
    'interrupts',
    'kcore',
    'keys',
    'latency_stats',
    'scsi',
    'timer_list',
    'timer_stats',
  ].map((name) => `/proc/${name}`),
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const DEFAULT_MOUNTS: readonly Mount[] = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
  },
  {
    destination: '/dev/shm',
    type: 'tmpfs',
    source: 'shm',
    options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'],
  },
  { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
];
