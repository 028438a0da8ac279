import { join } from 'node:path';
import { checkTrustDomain, ModelError, parseWebAddress } from '../model/index.ts';
import { type ParameterScope, readWaypointFlags } from './deployment/index.ts';
import { ControllerError } from './errors.ts';
import { resolveWebhookConfig, type WebhookConfig, type WebhookOptions } from './webhook/index.ts';
import { type CallLimits, faultsOfCallLimits, resolveCallLimits } from './limits/index.ts';

/** What a caller may say; whatever is left out has a default. */
export interface ControllerOptions {
  /** Objects, authority and callers are those of a Kubernetes cluster; the next three are not needed then. Default false. */
  readonly kubernetes?: boolean | undefined;
  /** A directory of Kubernetes YAML; watched. */
  readonly manifestsDirectory?: string | undefined;
  /** Where the certificate authority lives; created when it is not there. */
  readonly caDirectory?: string | undefined;
  /** Keys for callers' tokens; read again when they change. */
  readonly jwksFile?: string | undefined;
  /** Default all addresses, port 15012. */
  readonly listen?: { readonly host?: string | undefined; readonly port?: number | undefined } | undefined;
  /** DNS names and IP addresses by which proxies call the controller. */
  readonly serverNames?: readonly string[] | undefined;
  /** Metrics, readiness and debugging. Default: none. */
  readonly adminListen?: { readonly host: string; readonly port: number } | undefined;
  /**
   * Operations that change something (root rotation): must be a loopback address, since whoever reaches it may do them.
   * Default: the admin address where that is one, else 127.0.0.1:15000 if there is an admin address at all.
   */
  readonly operatorListen?: { readonly host: string; readonly port: number } | undefined;
  /** The dashboard and the API of the whole mesh. Beyond loopback it needs a token. Default: none. */
  readonly dashboardListen?: { readonly host: string; readonly port: number } | undefined;
  /** File with the token of the dashboard. Default: none, and none is needed. */
  readonly dashboardTokenFile?: string | undefined;
  /** Where people find the dashboard: nodes' dashboards lead there. Default: they do not. */
  readonly dashboardUrl?: string | undefined;
  /** Folder with the dashboard's pages. Default: none, and only the API is served. */
  readonly dashboardPages?: string | undefined;
  readonly trustDomain?: string | undefined;
  readonly clusterDomain?: string | undefined;
  readonly clusterId?: string | undefined;
  readonly network?: string | undefined;
  readonly rootNamespace?: string | undefined;
  /** Another mesh follows Istio's names in the cluster: ours are our twins of them. Default false. */
  readonly sideBySide?: boolean | undefined;
  /** With it: that mesh trusts our roots, and we its. Default false. */
  readonly sharedRoots?: boolean | undefined;
  /** The longest life of a workload's certificate. Default 24 h. */
  readonly svidTtlMs?: number | undefined;
  /** `namespace/account` of node proxies. */
  readonly trustedNodeAccounts?: readonly string[] | undefined;
  /** Node proxies run in pods that the source tells of, so one without is turned away. Default: as `kubernetes`. */
  readonly callersAreKnown?: boolean | undefined;
  /** Where the mesh's roots are written for proxies to trust. Default `root-cert.pem` in the CA's directory, if there is one. */
  readonly rootCertificateFile?: string | undefined;
  /** What waypoints that the controller deploys run, and how their pods reach it. */
  readonly waypoints?: Partial<WaypointPodConfig> | undefined;
  /** How long a pod that joins waits until the proxies know. Default 500. */
  readonly joinWaitMs?: number | undefined;
  /** How long a pod that leaves waits for the same. Default 2,000. */
  readonly leaveWaitMs?: number | undefined;
  /** How much each caller may ask for. */
  readonly limits?: Partial<CallLimits> | undefined;
  /** The admission webhook. Default: none. */
  readonly webhook?: WebhookOptions | undefined;
  /** How long it serves on when it is closed, once it has said that it is not ready. Default 0. */
  readonly shutdownDelayMs?: number | undefined;
}

/** What the pods of the waypoints that the controller deploys are given. */
export interface WaypointPodConfig {
  /** Default `nodemesh/nodemesh`. */
  readonly image: string;
  /** `host:port` at which a pod reaches the controller. Default: its first name, and the port that it listens on. */
  readonly controllerAddress: string;
  /** The name in the controller's certificate. Default: its first name. */
  readonly controllerName: string;
  /** Default `info`. */
  readonly logLevel: string;
  /** Flags of all of them, with spaces between, before those of their own Gateways. Default none. */
  readonly flags: string;
  /** What a Gateway's parameters may change of its objects. Default `listed`. */
  readonly parameters: ParameterScope;
  /** Default `text`. */
  readonly logFormat: 'text' | 'json';
}

/** Complete and checked. */
export interface ControllerConfig {
  readonly kubernetes: boolean;
  readonly manifestsDirectory: string;
  readonly caDirectory: string;
  readonly jwksFile: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly serverNames: readonly string[];
  readonly adminListen: { readonly host: string; readonly port: number } | undefined;
  /** Undefined: the operations are served with the rest, or not at all. */
  readonly operatorListen: { readonly host: string; readonly port: number } | undefined;
  readonly dashboardListen: { readonly host: string; readonly port: number } | undefined;
  readonly dashboardTokenFile: string | undefined;
  readonly dashboardUrl: string | undefined;
  readonly dashboardPages: string | undefined;
  readonly trustDomain: string;
  readonly clusterDomain: string;
  readonly clusterId: string;
  readonly network: string;
  readonly rootNamespace: string;
  readonly sideBySide: boolean;
  readonly sharedRoots: boolean;
  readonly svidTtlMs: number;
  readonly trustedNodeAccounts: ReadonlySet<string>;
  readonly callersAreKnown: boolean;
  readonly rootCertificateFile: string | undefined;
  readonly waypoints: WaypointPodConfig;
  readonly joinWaitMs: number;
  readonly leaveWaitMs: number;
  readonly limits: CallLimits;
  readonly webhook: WebhookConfig | undefined;
  readonly shutdownDelayMs: number;
}

/** Fills in defaults and checks; throws ControllerError ERR_CONTROLLER_CONFIG that names everything that is wrong. */
export function resolveControllerConfig(options: ControllerOptions): ControllerConfig {
  const { kubernetes = false, caDirectory = '' } = options;
  const config: ControllerConfig = {
    kubernetes,
    manifestsDirectory: options.manifestsDirectory ?? '',
    caDirectory,
    jwksFile: options.jwksFile ?? '',
    listen: { host: options.listen?.host ?? '::', port: options.listen?.port ?? LISTEN_PORT },
    serverNames: options.serverNames ?? SERVER_NAMES,
    adminListen: options.adminListen,
    operatorListen: options.operatorListen ?? defaultOperatorListen(options.adminListen),
    dashboardListen: options.dashboardListen,
    dashboardTokenFile: options.dashboardTokenFile,
    dashboardUrl: options.dashboardUrl,
    dashboardPages: options.dashboardPages,
    trustDomain: options.trustDomain ?? 'cluster.local',
    clusterDomain: options.clusterDomain ?? 'cluster.local',
    clusterId: options.clusterId ?? 'Kubernetes',
    network: options.network ?? '',
    rootNamespace: options.rootNamespace ?? 'istio-system',
    sideBySide: options.sideBySide ?? false,
    sharedRoots: options.sharedRoots ?? false,
    svidTtlMs: options.svidTtlMs ?? DAY_MS,
    trustedNodeAccounts: new Set(options.trustedNodeAccounts ?? nodeAccounts(options)),
    callersAreKnown: options.callersAreKnown ?? kubernetes,
    rootCertificateFile:
      options.rootCertificateFile ?? (caDirectory === '' ? undefined : join(caDirectory, 'root-cert.pem')),
    waypoints: resolveWaypointPods(options),
    joinWaitMs: options.joinWaitMs ?? 500,
    leaveWaitMs: options.leaveWaitMs ?? 2_000,
    limits: resolveCallLimits(options.limits),
    webhook: resolveWebhookConfig(options.webhook),
    shutdownDelayMs: options.shutdownDelayMs ?? 0,
  };
  const faults = faultsOf(config);
  if (faults.length === 0) return Object.freeze(config);
  throw new ControllerError({
    code: 'ERR_CONTROLLER_CONFIG',
    blame: 'local',
    message: faults.join('; '),
  });
}

function faultsOf(config: ControllerConfig): readonly string[] {
  const faults: string[] = [];
  const mustBe = (condition: boolean, fault: string): void => {
    if (!condition) faults.push(fault);
  };
  const { kubernetes } = config;
  mustBe(kubernetes || config.manifestsDirectory !== '', 'expected a directory of manifests, got none');
  mustBe(
    kubernetes || config.caDirectory !== '',
    'expected a directory for the certificate authority, got none',
  );
  mustBe(kubernetes || config.jwksFile !== '', 'expected a file with the keys for tokens, got none');
  mustBe(config.serverNames.length > 0, 'expected at least one name of the server, got none');
  mustBe(
    config.operatorListen === undefined || isLoopback(config.operatorListen.host),
    `expected a loopback address for operations, got ${config.operatorListen?.host}`,
  );
  mustBe(
    config.dashboardUrl === undefined || parseWebAddress(config.dashboardUrl) !== undefined,
    `expected the dashboard's URL to begin with http:// or https://, got ${config.dashboardUrl}`,
  );
  mustBe(config.clusterDomain !== '', 'expected a domain of the cluster, got none');
  mustBe(
    config.sideBySide || !config.sharedRoots,
    'expected shared roots only side by side with another mesh, got them alone',
  );
  mustBe(config.rootNamespace !== '', 'expected a root namespace, got none');
  mustBe(
    config.svidTtlMs >= SHORTEST_TTL_MS && config.svidTtlMs <= 90 * DAY_MS,
    `expected a certificate lifetime from ${SHORTEST_TTL_MS} ms to 90 days, got ${config.svidTtlMs} ms`,
  );
  faults.push(...faultsOfCallLimits(config.limits));
  const flags = readWaypointFlags(config.waypoints.flags);
  mustBe(typeof flags !== 'string', `waypoints' flags: ${String(flags)}`);
  try {
    checkTrustDomain(config.trustDomain);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    faults.push(error.message);
  }
  return faults;
}

function resolveWaypointPods(options: ControllerOptions): WaypointPodConfig {
  const [name = ''] = options.serverNames ?? SERVER_NAMES;
  const { waypoints = {} } = options;
  return {
    image: waypoints.image ?? 'nodemesh/nodemesh',
    controllerAddress: waypoints.controllerAddress ?? `${name}:${options.listen?.port ?? LISTEN_PORT}`,
    controllerName: waypoints.controllerName ?? name,
    logLevel: waypoints.logLevel ?? 'info',
    flags: waypoints.flags ?? '',
    parameters: waypoints.parameters ?? 'listed',
    logFormat: waypoints.logFormat ?? 'text',
  };
}

function defaultOperatorListen(admin: ControllerOptions['adminListen']): ControllerConfig['operatorListen'] {
  return admin === undefined || isLoopback(admin.host) ? undefined : { host: '127.0.0.1', port: 15000 };
}

/** True for addresses that only this machine (or pod) reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

const SERVER_NAMES = ['nodemesh-controller.nodemesh-system.svc'];
const LISTEN_PORT = 15012;
const DAY_MS = 86_400_000;
/** Shorter ones would be renewed all the time. */
const SHORTEST_TTL_MS = 1_000;
/** Beside another mesh, the proxies of that mesh have nothing to ask here. */
function nodeAccounts({ sideBySide }: ControllerOptions): readonly string[] {
  return sideBySide === true
    ? ['nodemesh-system/ztunnel']
    : ['nodemesh-system/ztunnel', 'istio-system/ztunnel'];
}
