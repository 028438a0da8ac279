/**
 * The Pod Security Standards of Kubernetes, level `restricted` (which holds all of `baseline`), control by control.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */

export interface Breach {
  readonly control: string;
  /** `container ztunnel: SYS_ADMIN`, `volume host-proc: /proc`, … */
  readonly what: string;
}

interface Probe {
  readonly httpGet?: { readonly host?: string };
  readonly tcpSocket?: { readonly host?: string };
}

interface SecurityContext {
  readonly allowPrivilegeEscalation?: boolean;
  readonly appArmorProfile?: { readonly type?: string };
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  readonly privileged?: boolean;
  readonly procMount?: string;
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seccompProfile?: { readonly type?: string };
  readonly seLinuxOptions?: { readonly type?: string; readonly user?: string; readonly role?: string };
  readonly sysctls?: readonly { readonly name: string }[];
  readonly windowsOptions?: { readonly hostProcess?: boolean };
}

export interface Container {
  readonly name: string;
  readonly ports?: readonly { readonly hostPort?: number }[];
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly startupProbe?: Probe;
  readonly lifecycle?: { readonly postStart?: Probe; readonly preStop?: Probe };
  readonly securityContext?: SecurityContext;
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly ephemeralContainers?: readonly Container[];
  readonly hostIPC?: boolean;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostUsers?: boolean;
  readonly securityContext?: SecurityContext;
  readonly volumes?: readonly { readonly name: string; readonly [kind: string]: unknown }[];
}

/** All that the standard forbids about a pod. */
export function breachesOf(
  pod: PodSpec,
  annotations: Readonly<Record<string, string>> = {},
): readonly Breach[] {
  return CONTROLS.flatMap(({ control, check }) =>
    check(pod, annotations).map((what): Breach => ({ control, what })),
  );
}

interface Control {
  readonly control: string;
  readonly check: (pod: PodSpec, annotations: Readonly<Record<string, string>>) => readonly string[];
}

type Setter = readonly [name: string, context: SecurityContext];

function containersOf(pod: PodSpec): readonly Container[] {
  return [...(pod.initContainers ?? []), ...pod.containers, ...(pod.ephemeralContainers ?? [])];
}

/** The pod and its containers, each with what it sets. */
function settersOf(pod: PodSpec): readonly Setter[] {
  return [
    ['pod', pod.securityContext ?? {}],
    ...containersOf(pod).map(
      ({ name, securityContext = {} }): Setter => [`container ${name}`, securityContext],
    ),
  ];
}

/** Whatever of the pod or a container is set to what is not allowed. */
function setters(control: string, wrong: (context: SecurityContext) => string | undefined): Control {
  return {
    control,
    check: (pod) =>
      settersOf(pod).flatMap(([name, context]) => {
        const value = wrong(context);
        return value === undefined ? [] : [`${name}: ${value}`];
      }),
  };
}

/** Containers where neither they nor the pod satisfy a demand. */
function demanded(
  control: string,
  isSatisfied: (context: SecurityContext) => boolean | undefined,
  missing: string,
): Control {
  return {
    control,
    check: (pod) =>
      containersOf(pod)
        .filter(
          ({ securityContext = {} }) =>
            !(isSatisfied(securityContext) ?? isSatisfied(pod.securityContext ?? {}) ?? false),
        )
        .map(({ name }) => `container ${name}: ${missing}`),
  };
}

function each(control: string, wrong: (container: Container) => readonly string[]): Control {
  return {
    control,
    check: (pod) =>
      containersOf(pod).flatMap((container) =>
        wrong(container).map((value) => `container ${container.name}: ${value}`),
      ),
  };
}

function hostsOf({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container): readonly string[] {
  return [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop].flatMap(
    (probe) => [probe?.httpGet?.host ?? '', probe?.tcpSocket?.host ?? ''],
  );
}

function unless<T>(allowed: readonly T[], value: T): T | undefined {
  return allowed.includes(value) ? undefined : value;
}

const BASELINE_CAPABILITIES = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];
const SAFE_SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
];
const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'];
const VOLUMES = new Set([
  'name',
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

const CONTROLS: readonly Control[] = [
  setters('HostProcess', ({ windowsOptions }) =>
    windowsOptions?.hostProcess === true ? 'hostProcess' : undefined,
  ),
  {
    control: 'Host Namespaces',
    check: ({ hostIPC, hostNetwork, hostPID }) =>
      Object.entries({ hostIPC, hostNetwork, hostPID }).flatMap(([name, value]) =>
        value === true ? [`pod: ${name}`] : [],
      ),
  },
  each('Privileged Containers', ({ securityContext }) =>
    securityContext?.privileged === true ? ['privileged'] : [],
  ),
  each('Capabilities (baseline)', ({ securityContext }) =>
    (securityContext?.capabilities?.add ?? []).filter((name) => !BASELINE_CAPABILITIES.includes(name)),
  ),
  {
    control: 'HostPath Volumes',
    check: ({ volumes = [] }) =>
      volumes.flatMap(({ name, hostPath }) =>
        hostPath === undefined ? [] : [`volume ${name}: ${(hostPath as { path: string }).path}`],
      ),
  },
  each('Host Ports', ({ ports = [] }) =>
    ports.flatMap(({ hostPort = 0 }) => (hostPort === 0 ? [] : [String(hostPort)])),
  ),
  each('Host Probes / Lifecycle Hooks', (container) => hostsOf(container).filter((host) => host !== '')),
  {
    control: 'AppArmor',
    check: (pod, annotations) => [
      ...settersOf(pod).flatMap(([name, { appArmorProfile }]) =>
        unless([undefined, 'RuntimeDefault', 'Localhost'], appArmorProfile?.type) === undefined
          ? []
          : [`${name}: ${appArmorProfile?.type}`],
      ),
      ...Object.entries(annotations)
        .filter(([name]) => name.startsWith('container.apparmor.security.beta.kubernetes.io/'))
        .filter(([, value]) => !/^(|runtime\/default|localhost\/.*)$/.test(value))
        .map(([name, value]) => `annotation ${name}: ${value}`),
    ],
  },
  setters('SELinux', ({ seLinuxOptions: { type = '', user = '', role = '' } = {} }) =>
    user !== '' || role !== '' ? `user ${user}, role ${role}` : unless(SELINUX_TYPES, type),
  ),
  setters('/proc Mount Type', ({ procMount = 'Default' }) => unless(['Default'], procMount)),
  setters('Seccomp (baseline)', ({ seccompProfile }) =>
    seccompProfile?.type === 'Unconfined' ? 'Unconfined' : undefined,
  ),
  {
    control: 'Sysctls',
    check: ({ securityContext }) =>
      (securityContext?.sysctls ?? [])
        .filter(({ name }) => !SAFE_SYSCTLS.includes(name))
        .map(({ name }) => `pod: ${name}`),
  },
  {
    control: 'Volume Types',
    check: ({ volumes = [] }) =>
      volumes.flatMap((volume) =>
        Object.keys(volume)
          .filter((kind) => !VOLUMES.has(kind))
          .map((kind) => `volume ${volume.name}: ${kind}`),
      ),
  },
  each('Privilege Escalation', ({ securityContext }) =>
    securityContext?.allowPrivilegeEscalation === false ? [] : ['allowPrivilegeEscalation'],
  ),
  demanded('Running as Non-root', ({ runAsNonRoot }) => runAsNonRoot, 'runAsNonRoot is not true'),
  setters('Running as Non-root user', ({ runAsUser }) => (runAsUser === 0 ? 'runAsUser 0' : undefined)),
  demanded(
    'Seccomp',
    ({ seccompProfile }) =>
      seccompProfile?.type === undefined
        ? undefined
        : ['RuntimeDefault', 'Localhost'].includes(seccompProfile.type),
    'no seccompProfile',
  ),
  each('Capabilities', ({ securityContext: { capabilities: { add = [], drop = [] } = {} } = {} }) => [
    ...(drop.includes('ALL') ? [] : ['ALL is not dropped']),
    ...add.filter((name) => name !== 'NET_BIND_SERVICE'),
  ]),
];
