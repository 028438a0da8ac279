import type { Command } from 'commander';
import {
  createWaypoint,
  resolveWaypointConfig,
  WAYPOINT_DEFAULTS,
  type WaypointOptions,
} from '../../waypoint/index.ts';
import { addTelemetryOptions } from '../telemetry-options.ts';
import { runProxy } from '../run-proxy.ts';

/** `nodemesh waypoint serve`: runs one replica of a waypoint until SIGTERM, then drains it. */
export function addServeCommand(waypoint: Command, version: string): void {
  const command = waypoint
    .command('serve')
    .description('run one replica of a waypoint: what the controller deploys for a Gateway')
    .option('--gateway <namespace/name>', 'the Gateway whose proxy this is')
    .option(
      '--pod <name>',
      "the replica's own pod (default: POD_NAME of the environment, else the host's name)",
    )
    .option('--service-account <name>', "the replica's own (default: the Gateway's name)")
    .option('--controller <host:port>', 'where the controller is')
    .option('--controller-name <dns name>', "name in the controller's certificate, if it is not the host")
    .option('--root-cert-file <file>', "roots that the controller's certificate must lead to")
    .option('--token-file <file>', "the service account's token")
    .option('--credentials <folder>', 'where Secrets are mounted that policies name (default: none)')
    .option('--trust-domain <name>', 'trust domain of the mesh', WAYPOINT_DEFAULTS.trustDomain)
    .option('--cluster-id <id>', 'name of this cluster', WAYPOINT_DEFAULTS.clusterId)
    .option('--cluster-domain <name>', 'ending of the names of services', WAYPOINT_DEFAULTS.clusterDomain)
    .option('--network <name>', 'name of the network that this replica is on', WAYPOINT_DEFAULTS.network)
    .option('--hbone <address:port>', 'where it takes tunnels', WAYPOINT_DEFAULTS.hbone)
    .option('--admin <address:port>', 'admin port', WAYPOINT_DEFAULTS.admin)
    .option('--metrics <address:port>', 'metrics port', WAYPOINT_DEFAULTS.metrics)
    .option('--readiness <address:port>', 'readiness port', WAYPOINT_DEFAULTS.readiness)
    .option('--svid-ttl <duration>', 'life of certificates to ask for', WAYPOINT_DEFAULTS.svidTtl)
    .option('--log-level <level>', 'log level, as info or info,access=warn', WAYPOINT_DEFAULTS.logLevel)
    .option('--log-format <format>', 'text or json', WAYPOINT_DEFAULTS.logFormat)
    .option(
      '--refusal-details <details>',
      'what proxies of refused clients are told: full (policy, rule, hint) or id',
      WAYPOINT_DEFAULTS.refusalDetails,
    )
    .option(
      '--drain-timeout <duration>',
      'how long requests and connections may live on after SIGTERM',
      WAYPOINT_DEFAULTS.drainTimeout,
    )
    .option('--max-header-bytes <size>', 'largest head of a message', WAYPOINT_DEFAULTS.maxHeaderBytes)
    .option(
      '--max-header-count <number>',
      'most header fields of a message',
      WAYPOINT_DEFAULTS.maxHeaderCount,
    )
    .option('--max-target-bytes <size>', 'longest target of a request', WAYPOINT_DEFAULTS.maxTargetBytes)
    .option(
      '--max-concurrent-streams <number>',
      'requests that a client may have open on one HTTP/2 connection',
      WAYPOINT_DEFAULTS.maxConcurrentStreams,
    )
    .option(
      '--head-timeout <duration>',
      'longest time from the first byte of a head to its last',
      WAYPOINT_DEFAULTS.headTimeout,
    )
    .option(
      '--idle-timeout <duration>',
      'life of connections of clients without a request',
      WAYPOINT_DEFAULTS.idleTimeout,
    )
    .option(
      '--body-idle-timeout <duration>',
      'life of requests and answers of HTTP/1.1 of which no byte moves',
      WAYPOINT_DEFAULTS.bodyIdleTimeout,
    )
    .option(
      '--max-buffered-bytes <size>',
      'received bytes in memory that nobody has taken yet',
      WAYPOINT_DEFAULTS.maxBufferedBytes,
    )
    .option(
      '--max-active-requests <number>',
      'requests under way; one client pod has at most half of them',
      WAYPOINT_DEFAULTS.maxActiveRequests,
    )
    .option(
      '--max-idle-connections <number>',
      'unused connections to endpoints that are kept',
      WAYPOINT_DEFAULTS.maxIdleConnections,
    )
    .option(
      '--max-rate-limit-keys <number>',
      'counters that one limit of a RateLimit keeps',
      WAYPOINT_DEFAULTS.maxRateLimitKeys,
    )
    .option('--max-filters <number>', 'Filters that run, each a process', WAYPOINT_DEFAULTS.maxFilters)
    .option(
      '--max-filter-body-bytes <size>',
      'bodies in memory that Filters see',
      WAYPOINT_DEFAULTS.maxFilterBodyBytes,
    )
    .option(
      '--trusted-clients <identities>',
      'gateways whose word about their own clients is passed on (default: none)',
    )
    .option('--forward-client-cert', 'tell applications who the client is, in x-forwarded-client-cert');
  addTelemetryOptions(command).action((options: WaypointOptions) => run(options, version));
}

async function run(options: WaypointOptions, version: string): Promise<void> {
  const config = resolveWaypointConfig({ pod: process.env.POD_NAME, ...options });
  await runProxy(
    (process) => createWaypoint(config, { ...process, version }),
    ({ log }) => log.info('started', { gateway: config.gateway, version }),
  );
}
