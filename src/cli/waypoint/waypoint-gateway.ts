import type { ManifestObject } from '../../lab/cluster/index.ts';
import type { Condition, KubeObject } from '../../lab/cluster/objects/index.ts';

export const TRAFFIC = ['service', 'workload', 'all', 'none'] as const;

/** What a waypoint is for (`istio.io/waypoint-for`). */
export type Traffic = (typeof TRAFFIC)[number];

/** A Gateway that stands for a waypoint, as commands show it. */
export interface WaypointGateway {
  readonly namespace: string;
  readonly name: string;
  readonly revision: string;
  readonly traffic: string;
  readonly generation: number;
  readonly conditions: readonly Condition[];
}

/** The Gateways among `gateways` that are of a class of ours, by namespace and name. */
export function readWaypoints(
  gateways: readonly KubeObject[],
  classes: readonly KubeObject[],
): readonly WaypointGateway[] {
  const known = waypointClasses(classes);
  return gateways
    .filter(({ spec }) => known.has(textField(spec, 'gatewayClassName')))
    .map(({ metadata, status }) => ({
      namespace: metadata.namespace,
      name: metadata.name,
      revision: metadata.labels[REVISION] ?? 'default',
      traffic: metadata.labels['nodemesh.io/waypoint-for'] ?? metadata.labels[WAYPOINT_FOR] ?? 'service',
      generation: metadata.generation,
      conditions: conditionsOf(status),
    }))
    .sort((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name));
}

/** Names of the classes whose Gateways are waypoints, by the GatewayClasses that there are. */
export function waypointClasses(classes: readonly KubeObject[]): ReadonlySet<string> {
  const ours = classes.filter(({ spec }) => CONTROLLERS.has(textField(spec, 'controllerName')));
  return new Set([...WAYPOINT_CLASSES, ...ours.map(({ metadata }) => metadata.name)]);
}

/** Undefined: nobody has said so yet. */
export function conditionOf({ conditions }: WaypointGateway, type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}

/** True once the controller has said so of what the Gateway is now. */
export function isProgrammed(waypoint: WaypointGateway): boolean {
  const condition = conditionOf(waypoint, 'Programmed');
  return condition?.status === 'True' && (condition.observedGeneration ?? 0) >= waypoint.generation;
}

/** False where the controller says of what the Gateway is now that it cannot be as it is written. */
export function isAccepted(waypoint: WaypointGateway): boolean {
  return conditionOf(waypoint, 'Accepted')?.status !== 'False';
}

/** The Gateway that a command writes. */
export function waypointManifest(wish: {
  readonly namespace: string;
  readonly name: string;
  readonly className: string;
  readonly traffic: Traffic | undefined;
  readonly revision: string | undefined;
}): ManifestObject {
  const labels = {
    ...(wish.traffic === undefined ? {} : { [WAYPOINT_FOR]: wish.traffic }),
    ...(wish.revision === undefined ? {} : { [REVISION]: wish.revision }),
  };
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: {
      name: wish.name,
      namespace: wish.namespace,
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
    },
    spec: {
      gatewayClassName: wish.className,
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
    },
  };
}

function conditionsOf(status: unknown): readonly Condition[] {
  const conditions = field(status, 'conditions');
  // The lab's own writer has checked their shape.
  return Array.isArray(conditions) ? (conditions as readonly Condition[]) : [];
}

function textField(value: unknown, name: string): string {
  const text = field(value, name);
  return typeof text === 'string' ? text : '';
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export const DEFAULT_CLASS = 'nodemesh-waypoint';
const WAYPOINT_CLASSES: readonly string[] = [DEFAULT_CLASS, 'istio-waypoint'];
const CONTROLLERS: ReadonlySet<string> = new Set(['nodemesh.io/mesh-controller', 'istio.io/mesh-controller']);
const WAYPOINT_FOR = 'istio.io/waypoint-for';
const REVISION = 'istio.io/rev';
