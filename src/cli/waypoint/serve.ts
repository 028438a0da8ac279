import type { Command } from 'commander';
import {
  createWaypoint,
  resolveWaypointConfig,
  WAYPOINT_DEFAULTS,
  type WaypointOptions,
} from '../../waypoint/index.ts';
import { runProxy } from '../run-proxy.ts';

/** `nodemesh waypoint serve`: runs one replica of a waypoint until SIGTERM, then drains it. */
export function addServeCommand(waypoint: Command, version: string): void {
  waypoint
    .command('serve')
    .description('run one replica of a waypoint: what the controller deploys for a Gateway')
    .option('--gateway <namespace/name>', 'the Gateway whose proxy this is')
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
      '--drain-timeout <duration>',
      'how long requests and connections may live on after SIGTERM',
      WAYPOINT_DEFAULTS.drainTimeout,
    )
    .action((options: WaypointOptions) => run(options, version));
}

async function run(options: WaypointOptions, version: string): Promise<void> {
  const config = resolveWaypointConfig(options);
  await runProxy(
    (process) => createWaypoint(config, { ...process, version }),
    ({ log }) => log.info('started', { gateway: config.gateway, version }),
  );
}
