import { type Command, InvalidArgumentError, Option } from 'commander';
import { durationMs, durationText, logLevelText, wholeNumber } from '../option-values.ts';
import { type InstallSettings, PLATFORMS, type Platform } from './objects/settings.ts';

/** What may be said about an installation; whatever is not said stays, or is at first as the defaults are. */
export interface SettingsFlags {
  readonly platform?: Platform;
  readonly image?: string;
  readonly trustDomain?: string;
  readonly clusterDomain?: string;
  readonly clusterId?: string;
  readonly network?: string;
  readonly rootNamespace?: string;
  readonly sideBySide?: boolean;
  readonly sharedRoots?: boolean;
  readonly replicas?: number;
  readonly svidTtl?: string;
  readonly drainTimeout?: number;
  readonly logLevel?: string;
  readonly logFormat?: 'text' | 'json';
  readonly webhookFailurePolicy?: 'Ignore' | 'Fail';
  readonly waypointParameters?: 'listed' | 'any';
  readonly monitoring?: boolean;
}

/** The flags that say how a mesh is to be; none has a default here: one that is not given leaves what is installed as it is. */
export function withSettingsOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--platform <platform>', 'what kind of cluster it is (default: generic)').choices(
        Object.keys(PLATFORMS),
      ),
    )
    .option(
      '--image <image>',
      "what all parts run (default: nodemesh/nodemesh with this program's version)",
      imageName,
    )
    .option('--trust-domain <name>', 'first part of every identity (default: cluster.local)', nameText)
    .option('--cluster-domain <name>', "ending of services' names (default: cluster.local)", nameText)
    .option('--cluster-id <id>', 'name of this cluster (default: Kubernetes)', nameText)
    .option('--network <name>', 'name of the network that pods are on (default: none)', nameText)
    .option(
      '--root-namespace <name>',
      'whose policies hold for the whole mesh (default: istio-system)',
      nameText,
    )
    .option(
      '--side-by-side',
      "beside another mesh that follows Istio's labels: pods join by nodemesh.io/dataplane-mode alone",
    )
    .option('--no-side-by-side', 'alone again, by either label (default)')
    .option('--shared-roots', 'with it: both meshes have the same root and trust domain, and speak HBONE')
    .option('--no-shared-roots', 'they have not (default)')
    .option('--replicas <n>', 'of the controller (default: 2)', replicaCount)
    .option('--svid-ttl <duration>', 'longest life of a workload certificate (default: 24h)', durationText)
    .option(
      '--drain-timeout <duration>',
      'how long connections of a ztunnel that is replaced may live on (default: 1h)',
      durationMs,
    )
    .option('--log-level <level>', 'of all parts (default: info)', logLevelText)
    .addOption(new Option('--log-format <format>', 'of all parts (default: json)').choices(['text', 'json']))
    .addOption(
      new Option(
        '--webhook-failure-policy <policy>',
        'what becomes of policies and routes while no controller can check them (default: Ignore)',
      ).choices(['Ignore', 'Fail']),
    )
    .addOption(
      new Option(
        '--waypoint-parameters <which>',
        "fields that Gateways' parametersRef may set (default: listed)",
      ).choices(['listed', 'any']),
    )
    .option('--monitoring', "PodMonitors and alerts for Prometheus' operator, dashboards for Grafana")
    .option('--no-monitoring', 'without them (default)');
}

/** The settings that flags ask for, over `base`. */
export function settingsOf(flags: SettingsFlags, base: InstallSettings): InstallSettings {
  const { replicas, drainTimeout, ...same } = flags;
  const chosen = Object.fromEntries(
    (Object.keys(base) as (keyof InstallSettings)[])
      .map((name) => [name, (same as Partial<InstallSettings>)[name]] as const)
      .filter(([, value]) => value !== undefined),
  );
  return {
    ...base,
    ...chosen,
    ...(replicas === undefined ? {} : { controllerReplicas: replicas }),
    ...(drainTimeout === undefined ? {} : { drainSeconds: Math.max(1, Math.ceil(drainTimeout / 1_000)) }),
  };
}

function imageName(text: string): string {
  if (/^[a-z0-9][-a-zA-Z0-9._:/@]{0,500}$/.test(text)) return text;
  throw new InvalidArgumentError('expected an image such as registry.example/nodemesh:1.0.0');
}

function nameText(text: string): string {
  if (/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,251}[A-Za-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError("expected letters, digits, '-', '_' and '.'");
}

function replicaCount(text: string): number {
  const count = wholeNumber(text);
  if (count >= 1 && count <= 20) return count;
  throw new InvalidArgumentError('expected a number from 1 to 20');
}
