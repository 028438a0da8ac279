import {
  createMeshCollections,
  type DeploymentSettings,
  type MeshCollections,
  type MeshSettings,
  meshContents,
  readObjects,
  renderGateway,
  type SourceProblem,
  waypointContents,
} from '../../controller/index.ts';
import {
  createMeshView,
  type EnrolmentPod,
  type GatewayAddress,
  gatewayAddressKey,
  type GatewayKey,
  identityOf,
  isWaypointPod,
  type JwtRule,
  type MeshView,
  type Workload,
} from '../../model/index.ts';
import { createWaypointRehearsal, type WaypointRehearsal } from '../../waypoint/index.ts';
import { imagineAbsent, type ManifestLike } from './imagine.ts';

/** Objects, and what they make of the mesh: what the proxies would be told, by the code that tells them. */
export interface World {
  readonly settings: MeshSettings;
  readonly collections: MeshCollections;
  readonly view: MeshView;
  /** Pods and addresses were made up, since objects alone have none. */
  readonly isImagined: boolean;
  /** What of the objects could not be read. */
  readonly problems: readonly SourceProblem[];
  /** What its node has been asked to capture of a pod; undefined: it is not to be in the mesh. */
  enrolmentOf(workload: Workload): EnrolmentPod | undefined;
  /** The Gateway behind an address that a service or pod names, if it is one of ours. */
  gatewayAt(address: GatewayAddress): GatewayKey | undefined;
  /** A waypoint that decides as the real one would; undefined: of this pod nobody can say who it is. */
  rehearse(
    gateway: GatewayKey,
    pod: Workload,
    keysOf?: (rule: JwtRule) => string | undefined,
  ): WaypointRehearsal | undefined;
}

/** Which objects, and whether what they lack is made up. */
export interface WorldOptions {
  readonly objects: readonly ManifestLike[];
  readonly settings?: Partial<MeshSettings>;
  /** Objects of files have no pods, addresses and waypoints yet: those are made up. Default false. */
  readonly imagine?: boolean;
}

/** What the lab's controller, and Istio's, take when nobody says otherwise. */
const DEFAULT_SETTINGS: MeshSettings = {
  clusterId: 'Kubernetes',
  network: '',
  trustDomain: 'cluster.local',
  clusterDomain: 'cluster.local',
  rootNamespace: 'istio-system',
};

/** Pure: reads no file and asks nobody. Objects that are none are among its problems. */
export function createWorld({ objects, settings: given, imagine = false }: WorldOptions): World {
  const settings = { ...DEFAULT_SETTINGS, ...given };
  const collections = createMeshCollections(settings);
  const first = imagine ? imagineAbsent(objects) : objects;
  const { events, problems } = readObjects(first, ORIGIN);
  collections.apply(events);
  if (imagine) completeImagined(collections, first, settings);
  const view = createMeshView();
  view.apply(meshContents(collections, settings.rootNamespace));
  const gateways = new Map(
    [...collections.waypoints.values()].map((info) => [gatewayAddressKey(info.address), info]),
  );
  const enrolments = new Map([...collections.enrolments.values()].map(({ pod }) => [pod.uid, pod]));
  return {
    settings,
    collections,
    view,
    isImagined: imagine,
    problems,
    enrolmentOf: ({ uid }) => enrolments.get(uid),
    gatewayAt(address) {
      const info = gateways.get(gatewayAddressKey(address));
      return info?.ours === true ? info.key : undefined;
    },
    rehearse(gateway, pod, keysOf) {
      const identity = identityOf(pod);
      if (identity === undefined) return undefined;
      const resources = waypointContents(collections, gateway);
      const { clusterDomain, network } = settings;
      return createWaypointRehearsal({ gateway, identity, view, resources, clusterDomain, network, keysOf });
    },
  };
}

/** What would follow by itself in a cluster: the pods of waypoints, and every pod captured that is to be. */
function completeImagined(
  collections: MeshCollections,
  objects: readonly ManifestLike[],
  settings: MeshSettings,
): void {
  const deployment: DeploymentSettings = { ...settings, ...IMAGINED_DEPLOYMENT };
  const rendered = [...collections.waypoints.values()].flatMap((waypoint): readonly ManifestLike[] => {
    const gateway = collections.objects.gateways.get(waypoint.key);
    const isThere = collections.objects.deployments.get(`${waypoint.namespace}/${waypoint.deploymentName}`);
    if (gateway === undefined || isThere !== undefined || !waypoint.ours || waypoint.placed) return [];
    const { rendered: result } = renderGateway({ gateway, waypoint }, collections.objects, {
      roots: '',
      settings: deployment,
    });
    // Whatever it becomes, it is an object as others are.
    return (result.manifests ?? []) as unknown as readonly ManifestLike[];
  });
  if (rendered.length > 0) {
    const added = imagineAbsent([...objects, ...rendered]).slice(objects.length);
    collections.apply(readObjects(added, 'waypoints').events);
  }
  const wanted = new Set(
    [...collections.enrolments.values()].map(({ pod }) => `${pod.namespace}/${pod.name}`),
  );
  collections.reportCaptures(
    [...collections.pods.entries()].flatMap(([key, pod]) =>
      wanted.has(key) ? [{ pod, captured: true }] : [],
    ),
  );
}

/** Whether a workload is one of the waypoint's own pods. */
export function isPodOfWaypoint(world: World, workload: Workload, waypoint: GatewayAddress): boolean {
  return isWaypointPod(world.view, workload, waypoint);
}

const ORIGIN = 'objects';
const IMAGINED_DEPLOYMENT = {
  image: '',
  controllerAddress: '',
  controllerName: '',
  svidTtlMs: 86_400_000,
  logLevel: 'info',
  logFormat: 'text',
  flags: '',
} as const;
