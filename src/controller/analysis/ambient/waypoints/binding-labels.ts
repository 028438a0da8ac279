import type { ObjectMeta } from '../../../objects/index.ts';
import { type BindingStatus, bindWaypoint, readClaim, USE_WAYPOINT } from '../../../translate/index.ts';
import { type Finding, finding, type MessageDefinition, OWN } from '../../messages/index.ts';
import type { AnalysedMesh, AnalysedObject } from '../../subject/index.ts';

/** use-waypoint labels that do not lead to a waypoint, or not for this traffic. */
export function* analyzeBindingLabels(mesh: AnalysedMesh): Iterable<Finding> {
  for (const object of mesh.of('/Namespace')) {
    if (readClaim(object.labels, USE_WAYPOINT, mesh.settings) === undefined) continue;
    // What is for pods is no mistake of a namespace's.
    const statuses = (['service', 'workload'] as const).map((traffic) =>
      statusOf(mesh, metaOf(object, object.name), traffic),
    );
    const fits = statuses.some((status) => status?.bound === true);
    const [status] = statuses;
    if (!fits && status !== undefined) yield* problem(object, ['metadata', 'labels'], status);
  }
  for (const object of mesh.of('/Service')) {
    if (readClaim(object.labels, USE_WAYPOINT, mesh.settings) === undefined) continue;
    const status = statusOf(mesh, metaOf(object, object.namespace), 'service');
    if (status !== undefined) yield* problem(object, ['metadata', 'labels'], status);
  }
  for (const { object, labels, annotations, namespace, isPod } of mesh.workloads.all) {
    if (readClaim(labels, USE_WAYPOINT, mesh.settings) === undefined) continue;
    const status = statusOf(mesh, { ...metaOf(object, namespace), labels, annotations }, 'workload');
    const path = isPod ? ['metadata', 'labels'] : ['spec', 'template', 'metadata', 'labels'];
    if (status !== undefined) yield* problem(object, path, status);
  }
}

function statusOf(
  { derived, settings }: AnalysedMesh,
  meta: ObjectMeta,
  traffic: 'service' | 'workload',
): BindingStatus | undefined {
  const { waypoints, objects } = derived.collections;
  return bindWaypoint(
    { traffic, meta, namespace: objects.namespaces.get(meta.namespace), settings },
    { waypoint: (key) => waypoints.get(key), hasGateway: (key) => objects.gateways.get(key) !== undefined },
  ).status;
}

function metaOf({ name, labels, annotations }: AnalysedObject, namespace: string): ObjectMeta {
  return {
    ...{ name, namespace, labels, annotations },
    ...{ uid: '', generation: 0, createdMs: Number.POSITIVE_INFINITY, terminating: false, owners: [] },
  };
}

function* problem(object: AnalysedObject, path: readonly string[], status: BindingStatus): Iterable<Finding> {
  if (status.bound) return;
  const definition = BY_REASON.get(status.reason) ?? OWN.WaypointNotFound;
  yield finding(definition, { object, path }, status.message);
}

const BY_REASON: ReadonlyMap<string, MessageDefinition> = new Map([
  ['WaypointMissing', OWN.WaypointNotFound],
  ['NotAWaypoint', OWN.WaypointNotFound],
  ['AttachmentDenied', OWN.WaypointNotAllowed],
  ['UnsupportedTrafficType', OWN.WaypointForMismatch],
  ['CanarySameAsPrimary', OWN.CanaryRefused],
  ['CanaryInvalidWeight', OWN.CanaryRefused],
]);
