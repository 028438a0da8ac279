import { HOST_FIREWALL_KINDS } from '../../net/index.ts';
import {
  hostPort,
  type ControlPlaneConfig,
  createProblems,
  durationMs,
  absolutePath,
  listenAddress,
  logFormat,
  logLevel,
  type Problems,
  refusalDetails,
  requiredText,
  svidTtlMs,
  TELEMETRY_DEFAULTS,
  type TelemetryOptions,
  telemetryConfig,
  trustDomain,
  webAddress,
} from '../../proxy/index.ts';
import { ZtunnelError } from '../errors.ts';
import {
  type DashboardConfig,
  DEFAULT_TRAFFIC,
  type HostNetworkConfig,
  type ZtunnelConfig,
} from './ztunnel-config.ts';

/** The options as they were written on the command line; see `nodemesh ztunnel --help`. */
export interface ZtunnelOptions extends TelemetryOptions {
  readonly node?: string | undefined;
  readonly controller?: string | undefined;
  readonly controllerName?: string | undefined;
  readonly rootCertFile?: string | undefined;
  readonly tokenFile?: string | undefined;
  /** Where certificates are signed; default: the controller, with its roots and name. */
  readonly caAddress?: string | undefined;
  readonly caName?: string | undefined;
  readonly caRootCertFile?: string | undefined;
  /** Sent with each call, beside the token. */
  readonly controllerHeaders?: Readonly<Record<string, string>> | undefined;
  readonly caHeaders?: Readonly<Record<string, string>> | undefined;
  readonly podName?: string | undefined;
  readonly podNamespace?: string | undefined;
  readonly podAddress?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Empty: our controller names the pods. */
  readonly zdsSocket?: string | undefined;
  readonly sideBySide?: boolean | undefined;
  readonly netnsDir?: string | undefined;
  /** Empty: pods' network namespaces are found by name. */
  readonly hostProc?: string | undefined;
  /** Empty: no rules are made for probes. */
  readonly hostNetworkNamespace?: string | undefined;
  readonly hostFirewall?: string | undefined;
  /** Empty: no CNI plugin is answered. */
  readonly cniSocket?: string | undefined;
  /** Empty turns the state file off. */
  readonly stateFile?: string | undefined;
  readonly trustDomain?: string | undefined;
  readonly clusterId?: string | undefined;
  readonly network?: string | undefined;
  readonly admin?: string | undefined;
  readonly metrics?: string | undefined;
  readonly readiness?: string | undefined;
  /** `none`: there is none. */
  readonly dashboardAddress?: string | undefined;
  /** Empty: no token. */
  readonly dashboardTokenFile?: string | undefined;
  /** Empty: nobody is told. */
  readonly dashboardUrl?: string | undefined;
  readonly svidTtl?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly logFormat?: string | undefined;
  readonly drainTimeout?: string | undefined;
  readonly refusalDetails?: string | undefined;
}

/** What an option is when it is not given. */
export const ZTUNNEL_DEFAULTS = {
  podNamespace: 'nodemesh-system',
  podAddress: '127.0.0.1',
  zdsSocket: '',
  sideBySide: false,
  netnsDir: '/run/netns',
  hostProc: '',
  hostNetworkNamespace: '',
  hostFirewall: 'auto',
  cniSocket: '',
  stateFile: '',
  trustDomain: 'cluster.local',
  clusterId: 'Kubernetes',
  network: '',
  admin: '127.0.0.1:15000',
  metrics: '0.0.0.0:15020',
  readiness: '0.0.0.0:15021',
  dashboardAddress: '127.0.0.1:15022',
  dashboardTokenFile: '',
  dashboardUrl: '',
  svidTtl: '24h',
  logLevel: 'info',
  logFormat: 'text',
  drainTimeout: '1h',
  refusalDetails: 'full',
  ...TELEMETRY_DEFAULTS,
} as const satisfies ZtunnelOptions;

/** Fills in the defaults and checks everything; throws one ERR_ZTUNNEL_CONFIG that names every bad option. */
export function resolveZtunnelConfig(options: ZtunnelOptions): ZtunnelConfig {
  const problems = createProblems(
    (message) => new ZtunnelError({ code: 'ERR_ZTUNNEL_CONFIG', blame: 'downstream', message }),
  );
  const config: ZtunnelConfig = {
    node: requiredText(problems, '--node', options.node),
    mesh: {
      trustDomain: trustDomain(problems, options.trustDomain ?? ZTUNNEL_DEFAULTS.trustDomain),
      clusterId: requiredText(problems, '--cluster-id', options.clusterId ?? ZTUNNEL_DEFAULTS.clusterId),
      network: options.network ?? ZTUNNEL_DEFAULTS.network,
    },
    controlPlane: controlPlaneConfig(problems, options),
    instance: {
      name: options.podName ?? `ztunnel-${options.node}`,
      namespace: options.podNamespace ?? ZTUNNEL_DEFAULTS.podNamespace,
      address: options.podAddress ?? ZTUNNEL_DEFAULTS.podAddress,
      metadata: options.metadata ?? {},
    },
    agentSocket: optionalFolder(problems, '--zds-socket', options.zdsSocket ?? ZTUNNEL_DEFAULTS.zdsSocket),
    sideBySide: options.sideBySide ?? ZTUNNEL_DEFAULTS.sideBySide,
    namespaceDirectory: absolutePath(problems, '--netns-dir', options.netnsDir ?? ZTUNNEL_DEFAULTS.netnsDir),
    hostProc: optionalFolder(problems, '--host-proc', options.hostProc ?? ZTUNNEL_DEFAULTS.hostProc),
    hostNetwork: hostNetworkConfig(problems, options),
    cniSocket: optionalFolder(problems, '--cni-socket', options.cniSocket ?? ZTUNNEL_DEFAULTS.cniSocket),
    stateFile: options.stateFile === undefined || options.stateFile === '' ? undefined : options.stateFile,
    admin: listenAddress(problems, '--admin', options.admin ?? ZTUNNEL_DEFAULTS.admin),
    metrics: listenAddress(problems, '--metrics', options.metrics ?? ZTUNNEL_DEFAULTS.metrics),
    readiness: listenAddress(problems, '--readiness', options.readiness ?? ZTUNNEL_DEFAULTS.readiness),
    dashboard: dashboardConfig(problems, options),
    svidTtlMs: svidTtlMs(problems, options.svidTtl ?? ZTUNNEL_DEFAULTS.svidTtl),
    logging: {
      level: logLevel(problems, options.logLevel ?? ZTUNNEL_DEFAULTS.logLevel),
      format: logFormat(problems, options.logFormat ?? ZTUNNEL_DEFAULTS.logFormat),
    },
    telemetry: telemetryConfig(problems, options),
    refusalDetails: refusalDetails(problems, options.refusalDetails ?? ZTUNNEL_DEFAULTS.refusalDetails),
    traffic: DEFAULT_TRAFFIC,
    drainTimeoutMs: durationMs(
      problems,
      '--drain-timeout',
      options.drainTimeout ?? ZTUNNEL_DEFAULTS.drainTimeout,
    ),
  };
  if (config.cniSocket !== undefined && config.agentSocket !== undefined)
    problems.add(
      '--cni-socket',
      'none beside --zds-socket: that agent has a plugin of its own',
      config.cniSocket,
    );
  if (config.sideBySide && config.agentSocket !== undefined)
    problems.add('--side-by-side', 'nothing beside --zds-socket: that agent captures the pods', 'the flag');
  problems.throwIfAny();
  return Object.freeze(config);
}

function hostNetworkConfig(problems: Problems, options: ZtunnelOptions): HostNetworkConfig | undefined {
  const { hostNetworkNamespace: namespace = ZTUNNEL_DEFAULTS.hostNetworkNamespace } = options;
  const { hostFirewall = ZTUNNEL_DEFAULTS.hostFirewall } = options;
  const kinds = ['auto', ...HOST_FIREWALL_KINDS] as const;
  const firewall = kinds.find((kind) => kind === hostFirewall);
  if (firewall === undefined) problems.add('--host-firewall', kinds.join(', '), hostFirewall);
  const hostNamespace = optionalFolder(problems, '--host-network-namespace', namespace);
  return hostNamespace === undefined ? undefined : { hostNamespace, firewall: firewall ?? 'auto' };
}

function optionalFolder(problems: Problems, flag: string, value: string): string | undefined {
  return value === '' ? undefined : absolutePath(problems, flag, value);
}

function controlPlaneConfig(problems: Problems, options: ZtunnelOptions): ControlPlaneConfig {
  const rootCertFile = requiredText(problems, '--root-cert-file', options.rootCertFile);
  const { caAddress, caName, caHeaders } = options;
  return {
    address: hostPort(problems, '--controller', options.controller),
    serverName: options.controllerName === '' ? undefined : options.controllerName,
    rootCertFile,
    tokenFile: requiredText(problems, '--token-file', options.tokenFile),
    headers: options.controllerHeaders,
    authority:
      caAddress === undefined
        ? undefined
        : {
            address: hostPort(problems, '--ca-address', caAddress),
            serverName: caName === '' ? undefined : caName,
            rootCertFile: options.caRootCertFile ?? rootCertFile,
            headers: caHeaders,
          },
  };
}

function dashboardConfig(problems: Problems, options: ZtunnelOptions): DashboardConfig {
  const { dashboardAddress = ZTUNNEL_DEFAULTS.dashboardAddress } = options;
  const { dashboardTokenFile = '', dashboardUrl = '' } = options;
  return {
    address:
      dashboardAddress === 'none'
        ? undefined
        : listenAddress(problems, '--dashboard-address', dashboardAddress),
    tokenFile: dashboardTokenFile === '' ? undefined : dashboardTokenFile,
    url: dashboardUrl === '' ? undefined : webAddress(problems, '--dashboard-url', dashboardUrl),
  };
}
