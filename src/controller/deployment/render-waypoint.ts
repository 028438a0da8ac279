import { parse } from 'yaml';
import { describeError } from '../../base/index.ts';
import type { ConfigMapObject, GatewayObject } from '../objects/index.ts';
import { GATEWAY_NAME, type WaypointInfo } from '../translate/index.ts';
import type { ManifestMeta, ObjectManifest } from '../sink/index.ts';
import { type ParameterScope, refusedWish } from './allowed-wishes.ts';
import type { DeploymentSettings } from './deployment-settings.ts';
import { overlay } from './overlay.ts';
import { readWaypointFlags, WAYPOINT_FLAGS_ANNOTATION } from './waypoint-flags.ts';
import { ROOTS_FILE, waypointPod } from './waypoint-pod.ts';

/** What a waypoint's objects are made from. */
export interface RenderParts {
  readonly gateway: GatewayObject;
  readonly waypoint: WaypointInfo;
  /** Whose class the Gateway is of. */
  readonly controller: string;
  /** What `infrastructure.parametersRef` names; undefined where it names nothing. */
  readonly parameters: ConfigMapObject | undefined;
  /** PEM. */
  readonly roots: string;
  readonly settings: DeploymentSettings;
}

/** What is to be there for a waypoint, or why that cannot be told: then whatever is there stays. */
export type RenderedWaypoint =
  | { readonly manifests: readonly ObjectManifest[]; readonly fault?: undefined }
  | { readonly manifests?: undefined; readonly fault: string };

/** The objects that make a Gateway a running waypoint. Pure. */
export function renderWaypoint(parts: RenderParts): RenderedWaypoint {
  const wishes = readWishes(parts.parameters, parts.settings.parameters ?? 'listed');
  if (typeof wishes === 'string') return { fault: wishes };
  const flags = readWaypointFlags(parts.gateway.meta.annotations.get(WAYPOINT_FLAGS_ANNOTATION));
  if (typeof flags === 'string') return { fault: `annotation ${WAYPOINT_FLAGS_ANNOTATION}: ${flags}` };
  const { waypoint, settings } = parts;
  const { deploymentName } = waypoint;
  const labels = labelsOf(parts);
  const annotations = annotationsOf(parts.gateway);
  const rootsName = `${deploymentName}-root-cert`;
  const meta = (name: string, over: Partial<ManifestMeta> = {}): ManifestMeta => ({
    name,
    namespace: waypoint.namespace,
    labels,
    annotations,
    ownerReferences: [ownerOf(parts.gateway)],
    ...over,
  });
  const selector = { [GATEWAY_NAME]: waypoint.name };
  const replicas = parts.gateway.meta.annotations.get(REPLICAS);
  const base: Readonly<Record<(typeof PARAMETERS)[number], ObjectManifest>> = {
    serviceAccount: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta(waypoint.serviceAccount) },
    deployment: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: meta(deploymentName),
      spec: {
        // Without it the number that somebody set by hand stays.
        ...(replicas !== undefined && /^\d{1,4}$/.test(replicas) ? { replicas: Number(replicas) } : {}),
        selector: { matchLabels: selector },
        template: {
          metadata: {
            labels: { ...labels, ...POD_LABELS, ...canonicalName(deploymentName) },
            annotations: { ...annotations, ...POD_ANNOTATIONS },
          },
          spec: waypointPod(waypoint, settings, { rootsConfigMap: rootsName, flags }),
        },
      },
    },
    service: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta(deploymentName, {
        annotations: { 'networking.istio.io/traffic-distribution': 'PreferClose', ...annotations },
      }),
      spec: {
        type: 'ClusterIP',
        ipFamilyPolicy: 'PreferDualStack',
        selector,
        ports: [
          { name: 'status-port', port: 15021, protocol: 'TCP', appProtocol: 'tcp' },
          { name: 'mesh', port: 15008, protocol: 'TCP', appProtocol: 'hbone' },
        ],
      },
    },
    horizontalPodAutoscaler: {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: meta(deploymentName),
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: deploymentName } },
    },
    podDisruptionBudget: {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: meta(deploymentName),
      spec: { selector: { matchLabels: selector } },
    },
  };
  const roots: ObjectManifest = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: meta(rootsName),
    data: { [ROOTS_FILE]: parts.roots },
  };
  const wanted = PARAMETERS.filter((name) => !ON_REQUEST.has(name) || wishes.has(name));
  return { manifests: [roots, ...wanted.map((name) => withWish(base[name], wishes.get(name)))] };
}

/** Names and owners are not the user's to change: by them the objects are found again. */
function withWish(manifest: ObjectManifest, wish: unknown): ObjectManifest {
  if (wish === undefined) return manifest;
  const laid = overlay(manifest, wish) as ObjectManifest;
  const { name, namespace, ownerReferences } = manifest.metadata;
  const { apiVersion, kind } = manifest;
  return { ...laid, apiVersion, kind, metadata: { ...laid.metadata, name, namespace, ownerReferences } };
}

/** A sentence when one of them cannot be read, or is not to be followed. */
function readWishes(
  parameters: ConfigMapObject | undefined,
  scope: ParameterScope,
): ReadonlyMap<string, unknown> | string {
  const wishes = new Map<string, unknown>();
  for (const name of PARAMETERS) {
    const text = parameters?.data.get(name);
    if (text === undefined) continue;
    try {
      const value: unknown = parse(text);
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        return `${name}: expected an object in YAML`;
      const refused = scope === 'any' ? undefined : refusedWish(name, value);
      if (refused !== undefined) return refused;
      wishes.set(name, value);
    } catch (error) {
      return `${name}: ${describeError(error)}`;
    }
  }
  return wishes;
}

function ownerOf({ meta }: GatewayObject) {
  return { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', name: meta.name, uid: meta.uid };
}

/** Those of the infrastructure where there are any, else the Gateway's own, and those by which everything is found. */
function labelsOf({
  gateway,
  waypoint,
  controller,
  settings,
}: RenderParts): Readonly<Record<string, string>> {
  const { labels } = gateway.infrastructure;
  const network = gateway.meta.labels.get(NETWORK) ?? settings.network;
  return {
    ...Object.fromEntries(labels.size > 0 ? labels : gateway.meta.labels),
    ...(network === '' ? {} : { [NETWORK]: network }),
    'gateway.istio.io/managed': controller.replaceAll('/', '-'),
    'gateway.networking.k8s.io/gateway-class-name': gateway.className,
    [GATEWAY_NAME]: waypoint.name,
  };
}

function annotationsOf({ infrastructure, meta }: GatewayObject): Readonly<Record<string, string>> {
  const { annotations } = infrastructure;
  if (annotations.size > 0) return Object.fromEntries(annotations);
  return Object.fromEntries([...meta.annotations].filter(([name]) => !OWN_ANNOTATIONS.test(name)));
}

function canonicalName(name: string): Readonly<Record<string, string>> {
  return { 'service.istio.io/canonical-name': name, 'service.istio.io/canonical-revision': 'latest' };
}

/** The keys of the ConfigMap that parametersRef names. */
const PARAMETERS = [
  'serviceAccount',
  'deployment',
  'service',
  'horizontalPodAutoscaler',
  'podDisruptionBudget',
] as const;
/** Only there when somebody wants it. */
const ON_REQUEST: ReadonlySet<string> = new Set(['horizontalPodAutoscaler', 'podDisruptionBudget']);
const NETWORK = 'topology.istio.io/network';
/** Annotation of the Gateway: how many pods; without it one, or as many as somebody set by hand. */
const REPLICAS = 'gateway.nodemesh.io/replicas';
/** About the Gateway itself, not about what is made for it. */
const OWN_ANNOTATIONS = /^(gateway\.(istio|nodemesh)\.io\/|kubectl\.kubernetes\.io\/)/;
const POD_LABELS = { 'istio.io/dataplane-mode': 'none', 'sidecar.istio.io/inject': 'false' };
const POD_ANNOTATIONS = {
  'istio.io/rev': 'default',
  'prometheus.io/path': '/stats/prometheus',
  'prometheus.io/port': '15020',
  'prometheus.io/scrape': 'true',
};
