import type { Fields, Manifest } from './manifest.ts';
import { installationParts, type Part } from './installation.ts';
import type { Condition, NumberSetting, Shape, TextSetting, WholeSetting } from './shape.ts';

/** What may be chosen about an installation. */
export interface InstallSettings {
  readonly platform: Platform;
  readonly image: string;
  readonly trustDomain: string;
  readonly clusterDomain: string;
  readonly clusterId: string;
  /** Empty: the cluster is one network. */
  readonly network: string;
  /** Whose policies hold for the whole mesh. */
  readonly rootNamespace: string;
  /** Another mesh follows Istio's labels in the cluster: ours follows those of nodemesh.io alone. */
  readonly sideBySide: boolean;
  /** With it: both have the same root and trust domain. */
  readonly sharedRoots: boolean;
  readonly controllerReplicas: number;
  /** Longest life of a workload's certificate, as `24h`. */
  readonly svidTtl: string;
  /** How long connections of a ztunnel that is replaced may live on. */
  readonly drainSeconds: number;
  readonly logLevel: string;
  readonly logFormat: 'text' | 'json';
  /** What becomes of objects while no controller answers the webhook. */
  readonly webhookFailurePolicy: 'Ignore' | 'Fail';
  /** What Gateways' parameters may set of what is deployed for them. */
  readonly waypointParameters: 'listed' | 'any';
  /** PodMonitors and alerts for Prometheus' operator, boards for Grafana. */
  readonly monitoring: boolean;
  readonly controllerResources: Fields;
  readonly ztunnelResources: Fields;
}

/** A kind of cluster: what is elsewhere there. */
export interface PlatformTraits {
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** The runtime's folder for CNI plugins. */
  readonly cniBinFolder: string;
  readonly cniConfigFolder: string;
  /** False: new pods are captured when they run, not before their first packet. */
  readonly cni: boolean;
}

export const PLATFORMS = {
  generic: {
    imagePullPolicy: 'IfNotPresent',
    cniBinFolder: '/opt/cni/bin',
    cniConfigFolder: '/etc/cni/net.d',
    cni: true,
  },
  // `kind load` puts the image on the nodes; nobody has pushed it anywhere.
  kind: {
    imagePullPolicy: 'Never',
    cniBinFolder: '/opt/cni/bin',
    cniConfigFolder: '/etc/cni/net.d',
    cni: true,
  },
  k3s: {
    imagePullPolicy: 'IfNotPresent',
    cniBinFolder: '/var/lib/rancher/k3s/data/cni',
    cniConfigFolder: '/var/lib/rancher/k3s/agent/etc/cni/net.d',
    cni: true,
  },
  // /opt is read-only on its nodes.
  gke: {
    imagePullPolicy: 'IfNotPresent',
    cniBinFolder: '/home/kubernetes/bin',
    cniConfigFolder: '/etc/cni/net.d',
    cni: true,
  },
  // Multus runs one configuration file of one plugin and overwrites it: there is nothing to chain into.
  openshift: {
    imagePullPolicy: 'IfNotPresent',
    cniBinFolder: '/var/lib/cni/bin',
    cniConfigFolder: '/etc/cni/multus/net.d',
    cni: false,
  },
} as const satisfies Readonly<Record<string, PlatformTraits>>;

/** What kind of cluster it is: folders of CNI plugins and what pods may do differ. */
export type Platform = keyof typeof PLATFORMS;

/** What an installation is unless somebody says otherwise. */
export function defaultSettings(version: string): InstallSettings {
  return {
    platform: 'generic',
    image: `nodemesh/nodemesh:${version}`,
    trustDomain: 'cluster.local',
    clusterDomain: 'cluster.local',
    clusterId: 'Kubernetes',
    network: '',
    rootNamespace: 'istio-system',
    sideBySide: false,
    sharedRoots: false,
    controllerReplicas: 2,
    svidTtl: '24h',
    drainSeconds: 3_600,
    logLevel: 'info',
    logFormat: 'json',
    webhookFailurePolicy: 'Ignore',
    waypointParameters: 'listed',
    monitoring: false,
    // What bench/README.md measures, and room. No limits: an application would wait for a proxy that has reached its own.
    controllerResources: { requests: { cpu: '200m', memory: '256Mi' } },
    ztunnelResources: { requests: { cpu: '100m', memory: '192Mi' } },
  };
}

/** The objects of an installation with known settings. Pure. */
export function renderParts(settings: InstallSettings): readonly Part[] {
  const { holds, shape } = settingsShape(settings);
  return installationParts(shape).filter(({ condition }) => condition === undefined || holds(condition));
}

/** The objects of every platform and of every choice that could be made, by these settings otherwise. Pure. */
export function renderEverything(settings: InstallSettings): readonly Manifest[] {
  return installationParts(settingsShape(settings).shape).flatMap(({ objects }) => objects);
}

/** All that `nodemesh install` applies but the kinds, in the order in which it does. */
export function renderObjects(settings: InstallSettings): readonly Manifest[] {
  return renderParts(settings).flatMap(({ objects }) => objects);
}

function settingsShape(settings: InstallSettings): {
  readonly shape: Shape;
  holds(condition: Condition): boolean;
} {
  const traits: PlatformTraits = PLATFORMS[settings.platform];
  const texts: Readonly<Record<TextSetting, string>> = {
    ...settings,
    ...traits,
    drainTimeout: `${settings.drainSeconds}s`,
  };
  const numbers: Readonly<Record<NumberSetting, number>> = {
    controllerReplicas: settings.controllerReplicas,
    drainGraceSeconds: settings.drainSeconds + DRAIN_MARGIN_SECONDS,
  };
  const wholes: Readonly<Record<WholeSetting, Fields>> = settings;
  const conditions: Readonly<Record<Condition, boolean>> = {
    alone: !settings.sideBySide,
    cni: traits.cni,
    failClosed: settings.webhookFailurePolicy === 'Fail',
    fixedUser: settings.platform !== 'openshift',
    gke: settings.platform === 'gke',
    monitoring: settings.monitoring,
    network: settings.network !== '',
    openshift: settings.platform === 'openshift',
    sharedRoots: settings.sideBySide && settings.sharedRoots,
    sideBySide: settings.sideBySide,
  };
  const holds = (condition: Condition): boolean => conditions[condition];
  return {
    holds,
    shape: {
      text: (setting) => texts[setting],
      number: (setting) => numbers[setting],
      whole: (setting) => wholes[setting],
      when: (condition, entries) => (holds(condition) ? entries : []),
      whenFields: (condition, fields) => (holds(condition) ? fields : {}),
    },
  };
}

/** Between the end of the drain and the end of the process. */
export const DRAIN_MARGIN_SECONDS = 10;
