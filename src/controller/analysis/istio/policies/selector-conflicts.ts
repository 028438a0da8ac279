import type { LabelSelector } from '../../../objects/index.ts';
import { type Finding, finding, ISTIO, type MessageDefinition } from '../../messages/index.ts';
import {
  type AnalysedMesh,
  type AnalysedObject,
  formatSelector,
  hasTargetRefs,
  nameOf,
  policySelector,
  type Workload,
} from '../../subject/index.ts';

/** Sidecars that want to be of the same pods. */
export function* analyzeSidecarSelectors(mesh: AnalysedMesh): Iterable<Finding> {
  yield* conflicts(mesh, {
    objects: mesh.of('networking.istio.io/Sidecar'),
    selectorOf: ({ spec }) => notEmpty(spec.key('workloadSelector').key('labels').textMap()),
    path: ['spec', 'workloadSelector'],
    same: ISTIO.ConflictingSidecarWorkloadSelectors,
    several: ISTIO.MultipleSidecarsWithoutWorkloadSelectors,
  });
}

/** The same of Telemetries; those with targetRefs are about something else. */
export function* analyzeTelemetrySelectors(mesh: AnalysedMesh): Iterable<Finding> {
  yield* conflicts(mesh, {
    objects: mesh.of('telemetry.istio.io/Telemetry').filter(({ spec }) => !hasTargetRefs(spec)),
    selectorOf: ({ spec }) => policySelector(spec),
    path: ['spec', 'selector'],
    same: ISTIO.ConflictingTelemetryWorkloadSelectors,
    several: ISTIO.MultipleTelemetriesWithoutWorkloadSelectors,
  });
}

interface Selecting {
  readonly objects: readonly AnalysedObject[];
  readonly selectorOf: (object: AnalysedObject) => LabelSelector | undefined;
  readonly path: readonly string[];
  readonly same: MessageDefinition;
  readonly several: MessageDefinition;
}

function* conflicts(mesh: AnalysedMesh, selecting: Selecting): Iterable<Finding> {
  const { objects, selectorOf, path, several } = selecting;
  const byPod = new Map<Workload, AnalysedObject[]>();
  for (const [namespace, all] of Map.groupBy(objects, (object) => object.namespace)) {
    const unselective = all.filter((object) => selectorOf(object) === undefined);
    if (unselective.length > 1) {
      const names = unselective.map(({ name }) => name).sort();
      for (const object of unselective) yield finding(several, { object }, names, namespace);
    }
    for (const object of all) {
      const selector = selectorOf(object);
      if (selector === undefined) continue;
      const pods = mesh.workloads.select(namespace, selector);
      if (pods.length === 0)
        yield finding(
          ISTIO.ReferencedResourceNotFound,
          { object, path },
          'selector',
          formatSelector(selector),
        );
      for (const pod of pods) {
        const found = byPod.get(pod);
        if (found === undefined) byPod.set(pod, [object]);
        else found.push(object);
      }
    }
  }
  yield* sharedPods(byPod, selecting);
}

/** Pods of one Deployment are in conflict for the same reason, which is said once. */
function* sharedPods(
  byPod: ReadonlyMap<Workload, readonly AnalysedObject[]>,
  { path, same }: Selecting,
): Iterable<Finding> {
  const told = new Set<string>();
  for (const [pod, objects] of byPod) {
    if (objects.length < 2) continue;
    const names = objects.map(({ name }) => name).sort();
    const key = `${pod.namespace} ${names.join(' ')}`;
    if (told.has(key)) continue;
    told.add(key);
    for (const object of objects)
      yield finding(same, { object, path }, names, pod.namespace, nameOf(pod.object));
  }
}

function notEmpty(selector: LabelSelector): LabelSelector | undefined {
  return selector.size === 0 ? undefined : selector;
}
