import type { Command } from 'commander';
import {
  createZtunnel,
  resolveZtunnelConfig,
  ZTUNNEL_DEFAULTS,
  type ZtunnelOptions,
} from '../ztunnel/index.ts';
import { addTelemetryOptions } from './telemetry-options.ts';
import { dashboardPages } from './dashboard-pages.ts';
import { runProxy } from './run-proxy.ts';

/** `nodemesh ztunnel`: runs the proxy of one node until SIGTERM, then drains it. */
export function registerZtunnelCommand(program: Command, version: string): void {
  const command = program
    .command('ztunnel')
    .description('run the proxy of one node: it carries and authorizes the TCP of all enrolled pods');
  addZtunnelOptions(command).action((options: ZtunnelOptions) => runZtunnel(options, version));
}

/** All flags of the node proxy. */
export function addZtunnelOptions(command: Command): Command {
  command
    .option('--node <name>', 'name of the node')
    .option('--controller <host:port>', 'where the controller is')
    .option('--controller-name <dns name>', "name in the controller's certificate, if it is not the host")
    .option('--root-cert-file <file>', "roots that the controller's certificate must lead to")
    .option('--token-file <file>', "this node's token")
    .option('--ca-address <host:port>', 'where certificates are signed (default: the controller)')
    .option('--ca-name <dns name>', "name in that one's certificate, if it is not the host")
    .option('--ca-root-cert-file <file>', "roots that it must lead to (default: the controller's)")
    .option('--pod-name <name>', "name of this proxy's own pod (default: ztunnel-NODE)")
    .option('--pod-namespace <name>', 'namespace of that pod', ZTUNNEL_DEFAULTS.podNamespace)
    .option('--pod-address <address>', 'address of that pod', ZTUNNEL_DEFAULTS.podAddress)
    .option(
      '--zds-socket <path>',
      "socket of Istio's CNI agent, which then names and captures the pods, under an istiod; empty: none",
      ZTUNNEL_DEFAULTS.zdsSocket,
    )
    .option(
      '--side-by-side',
      'another mesh has other pods of this node: capture ours under names that it does not share',
    )
    .option('--netns-dir <folder>', 'where network namespaces have names', ZTUNNEL_DEFAULTS.netnsDir)
    .option(
      '--host-proc <folder>',
      "the machine's /proc: pods' network namespaces are found by their processes (Kubernetes); empty: by name",
      ZTUNNEL_DEFAULTS.hostProc,
    )
    .option(
      '--host-network-namespace <file>',
      "the node's network namespace, where rules let its probes past the mesh; empty: none are made",
      ZTUNNEL_DEFAULTS.hostNetworkNamespace,
    )
    .option(
      '--host-firewall <kind>',
      'how those are written: auto, nft, iptables-nft or iptables-legacy',
      ZTUNNEL_DEFAULTS.hostFirewall,
    )
    .option(
      '--cni-socket <path>',
      "unix socket on which the node's CNI plugin asks about new pods; empty: none",
      ZTUNNEL_DEFAULTS.cniSocket,
    )
    .option(
      '--state-file <file>',
      'private file on a tmpfs, for a restart without the controller; empty: none',
      ZTUNNEL_DEFAULTS.stateFile,
    )
    .option('--trust-domain <name>', 'trust domain of the mesh', ZTUNNEL_DEFAULTS.trustDomain)
    .option('--cluster-id <id>', 'name of this cluster', ZTUNNEL_DEFAULTS.clusterId)
    .option('--network <name>', 'name of the network that this node is on', ZTUNNEL_DEFAULTS.network)
    .option('--admin <address:port>', 'admin port', ZTUNNEL_DEFAULTS.admin)
    .option('--metrics <address:port>', 'metrics port', ZTUNNEL_DEFAULTS.metrics)
    .option('--readiness <address:port>', 'readiness port', ZTUNNEL_DEFAULTS.readiness)
    .option(
      '--dashboard-address <address:port>',
      'dashboard and API of the node, or none',
      ZTUNNEL_DEFAULTS.dashboardAddress,
    )
    .option(
      '--dashboard-token-file <file>',
      'token that whoever reads there must have; required beyond loopback',
      ZTUNNEL_DEFAULTS.dashboardTokenFile,
    )
    .option(
      '--dashboard-url <url>',
      "where people find it; the mesh's dashboard leads there; empty: it does not",
      ZTUNNEL_DEFAULTS.dashboardUrl,
    )
    .option('--svid-ttl <duration>', 'life of certificates to ask for', ZTUNNEL_DEFAULTS.svidTtl)
    .option('--log-level <level>', 'log level, as info or info,access=warn', ZTUNNEL_DEFAULTS.logLevel)
    .option('--log-format <format>', 'text or json', ZTUNNEL_DEFAULTS.logFormat)
    .option(
      '--refusal-details <details>',
      'what proxies of refused clients are told: full (policy, rule, hint) or id',
      ZTUNNEL_DEFAULTS.refusalDetails,
    )
    .option(
      '--drain-timeout <duration>',
      'how long connections may live on after SIGTERM',
      ZTUNNEL_DEFAULTS.drainTimeout,
    );
  return addTelemetryOptions(command);
}

/** `also`: what else is said when it has started. */
export async function runZtunnel(
  options: ZtunnelOptions,
  version: string,
  also: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const config = resolveZtunnelConfig(options);
  await runProxy(
    (process) => createZtunnel(config, { ...process, version, dashboardPages: dashboardPages() }),
    ({ log }) => log.info('started', { node: config.node, version, ...also }),
  );
}
