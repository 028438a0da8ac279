import { type Command, InvalidArgumentError, Option } from 'commander';
import { countBuffersAsHeap, describeError, systemClock } from '../../base/index.ts';
import type { ParameterScope } from '../../controller/index.ts';
import { dashboardPages } from '../dashboard-pages.ts';
import { addClusterOptions, type ClusterFlags, clusterOf } from './cluster-options.ts';
import { addLimitOptions, type LimitFlags, limitsOf } from './limit-options.ts';
import { addWebhookOptions, type WebhookFlags, webhookOf } from './webhook-options.ts';
import { collect, durationMs } from '../option-values.ts';

interface ControllerFlags extends ClusterFlags, LimitFlags, WebhookFlags {
  readonly manifests?: string;
  readonly caDir?: string;
  readonly jwksFile?: string;
  readonly listen: HostPort;
  readonly serverName: readonly string[];
  readonly trustDomain: string;
  readonly clusterDomain: string;
  readonly clusterId: string;
  readonly network: string;
  readonly rootNamespace: string;
  readonly sideBySide: boolean;
  readonly sharedRoots: boolean;
  readonly svidTtl: number;
  readonly waypointImage: string;
  readonly waypointController?: string;
  readonly waypointLogLevel: string;
  readonly waypointFlags: string;
  readonly waypointParameters: ParameterScope;
  readonly sink?: string;
  readonly admin?: HostPort;
  readonly operator?: HostPort;
  readonly dashboardAddress: HostPort | 'none';
  readonly dashboardTokenFile?: string;
  readonly dashboardUrl?: string;
  readonly logLevel: string;
  readonly logFormat: 'text' | 'json';
}

interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `nodemesh controller`: the control plane, until SIGTERM. Its modules are loaded only when it is run. */
export function registerControllerCommand(program: Command, version: string): void {
  const command = program
    .command('controller')
    .description('run the control plane: watches objects, serves proxies, signs certificates')
    .option('--manifests <directory>', 'Kubernetes YAML to read; watched (without --kubernetes)')
    .option(
      '--ca-dir <directory>',
      'where the certificate authority lives; created when missing (without --kubernetes)',
    )
    .option(
      '--jwks-file <file>',
      "public keys that callers' tokens are checked with; re-read when it changes (without --kubernetes)",
    )
    .addOption(
      new Option('--listen <host:port>', 'for proxies: discovery, certificates, reports')
        .argParser(hostPort)
        .default(hostPort('[::]:15012'), '[::]:15012'),
    )
    .option('--server-name <name>', 'name or address by which proxies call; repeatable', collect, [])
    .option('--trust-domain <name>', 'trust domain of the mesh', 'cluster.local')
    .option('--cluster-domain <name>', "ending of services' names", 'cluster.local')
    .option('--cluster-id <id>', 'name of this cluster', 'Kubernetes')
    .option('--network <name>', 'name of the network that pods are on', '')
    .option('--root-namespace <name>', 'whose policies hold for the whole mesh', 'istio-system')
    .option(
      '--side-by-side',
      "another mesh follows Istio's labels in this cluster: ours are those of nodemesh.io alone",
      false,
    )
    .option(
      '--shared-roots',
      'with --side-by-side: both meshes have the same root and trust domain, so that pods of the other are sent HBONE',
      false,
    )
    .addOption(
      new Option('--svid-ttl <duration>', 'longest life of a workload certificate')
        .argParser(durationMs)
        .default(durationMs('24h'), '24h'),
    )
    .option('--waypoint-image <image>', 'what the pods of waypoints run', `nodemesh/nodemesh:${version}`)
    .option(
      '--waypoint-controller <host:port>',
      'where pods of waypoints reach this controller (default: its first --server-name)',
    )
    .option('--waypoint-log-level <level>', 'log level of waypoints, as --log-level', 'info')
    .addOption(
      new Option('--waypoint-parameters <which>', "fields that Gateways' parametersRef may set")
        .choices(['listed', 'any'] satisfies readonly ParameterScope[])
        .default('listed'),
    )
    .option('--waypoint-flags <flags>', "flags of all waypoints, as a Gateway's annotation has them", '')
    .option(
      '--sink <unix:path>',
      'where status, annotations and events are written (default: nowhere)',
      socketPath,
    )
    .option('--admin <host:port>', 'metrics, readiness and public roots (default: none)', hostPort)
    .option(
      '--operator <host:port>',
      'debug pages, rotation of the root, revocation; loopback only (default: as --admin when that is loopback, else 127.0.0.1:15000)',
      hostPort,
    )
    .addOption(
      new Option('--dashboard-address <host:port>', 'dashboard and API of the whole mesh, or none')
        .argParser((text) => (text === 'none' ? text : hostPort(text)))
        .default(hostPort('127.0.0.1:8080'), '127.0.0.1:8080'),
    )
    .option(
      '--dashboard-token-file <file>',
      'token that whoever reads there must have; required beyond loopback',
    )
    .option(
      '--dashboard-url <url>',
      "where people find it; nodes' dashboards lead there (default: they do not)",
    )
    .option('--log-level <level>', 'log level, as info or info,xds=debug', 'info')
    .option('--log-format <format>', 'text or json', 'text')
    .action((flags: ControllerFlags) => run(flags, version));
  addClusterOptions(command);
  addWebhookOptions(command, hostPort);
  addLimitOptions(command);
}

async function run(flags: ControllerFlags, version: string): Promise<void> {
  countBuffersAsHeap();
  const { createController, createSocketSink, openCluster, resolveControllerConfig } = await import(
    '../../controller/index.ts'
  );
  const { createLogger, openLogSink } = await import('../../telemetry/index.ts');
  const logSink = openLogSink();
  const log = createLogger({ level: flags.logLevel, format: flags.logFormat, stream: logSink });
  const config = resolveControllerConfig({
    kubernetes: flags.kubernetes,
    manifestsDirectory: flags.manifests,
    caDirectory: flags.caDir,
    jwksFile: flags.jwksFile,
    listen: flags.listen,
    ...(flags.serverName.length === 0 ? {} : { serverNames: flags.serverName }),
    adminListen: flags.admin,
    operatorListen: flags.operator,
    dashboardListen: flags.dashboardAddress === 'none' ? undefined : flags.dashboardAddress,
    dashboardTokenFile: flags.dashboardTokenFile,
    dashboardUrl: flags.dashboardUrl,
    dashboardPages: dashboardPages(),
    trustDomain: flags.trustDomain,
    clusterDomain: flags.clusterDomain,
    clusterId: flags.clusterId,
    network: flags.network,
    rootNamespace: flags.rootNamespace,
    sideBySide: flags.sideBySide,
    sharedRoots: flags.sharedRoots,
    svidTtlMs: flags.svidTtl,
    limits: limitsOf(flags),
    webhook: webhookOf(flags),
    shutdownDelayMs: flags.shutdownDelay,
    waypoints: {
      image: flags.waypointImage,
      ...(flags.waypointController === undefined ? {} : { controllerAddress: flags.waypointController }),
      logLevel: flags.waypointLogLevel,
      flags: flags.waypointFlags,
      parameters: flags.waypointParameters,
      logFormat: flags.logFormat,
    },
  });
  const clusterOptions = clusterOf(flags, process.env, { clock: systemClock, log });
  const cluster = clusterOptions && openCluster(clusterOptions);
  const controller = createController(config, {
    log,
    version,
    ...(cluster === undefined ? {} : { cluster }),
    ...(flags.sink === undefined ? {} : { sink: createSocketSink(flags.sink) }),
  });
  const exit = (code: number): void => {
    logSink.close();
    process.exit(code);
  };
  const close = async (): Promise<void> => {
    await controller.close();
    await cluster?.close();
  };
  let ending = false;
  const end = (): void => {
    // A second signal does not wait.
    if (ending) exit(1);
    ending = true;
    close().then(
      () => exit(0),
      (error: unknown) => {
        log.error('closing failed', { error: describeError(error) });
        exit(1);
      },
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  try {
    await controller.start();
    log.info('started', { ...controller.addresses, version });
  } catch (error) {
    log.error('start failed', { error });
    exit(1);
  }
}

function socketPath(text: string): string {
  const path = /^unix:(.+)$/.exec(text)?.[1];
  if (path !== undefined) return path;
  throw new InvalidArgumentError('expected unix:PATH');
}

function hostPort(text: string): HostPort {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 0xffff)
    throw new InvalidArgumentError('expected HOST:PORT, an IPv6 host in brackets');
  return { host: match[1] ?? match[2] ?? '', port };
}
