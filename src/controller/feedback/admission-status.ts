import type { Collection, Judged, MeshCollections } from '../collections/index.ts';
import type { FaultInjectionObject, FilterObject, RateLimitObject } from '../objects/index.ts';
import type { SinkQueue } from '../sink/index.ts';
import type { AdmissionOutcome } from '../translate/index.ts';

type AdmissionMeshObject = RateLimitObject | FaultInjectionObject | FilterObject;

/**
 * Tells the authors of RateLimits, FaultInjections and Filters, by the condition Accepted, what becomes of them. Returns
 * what stops it.
 */
export function writeAdmissionStatus(
  {
    objects,
    ...outcomes
  }: Pick<MeshCollections, 'objects' | 'rateLimitOutcomes' | 'faultOutcomes' | 'filterOutcomes'>,
  sink: Pick<SinkQueue, 'setStatus' | 'forgetStatus'>,
): () => void {
  const stops = [
    ...follow('RateLimit', objects.rateLimits, outcomes.rateLimitOutcomes, sink),
    ...follow('FaultInjection', objects.faultInjections, outcomes.faultOutcomes, sink),
    ...follow('Filter', objects.filters, outcomes.filterOutcomes, sink),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function follow<T extends AdmissionMeshObject>(
  kind: T['kind'],
  objects: Collection<Judged<T>>,
  outcomes: Collection<AdmissionOutcome>,
  sink: Pick<SinkQueue, 'setStatus' | 'forgetStatus'>,
): readonly (() => void)[] {
  const write = (objectKey: string): void => {
    const [namespace = '', name = ''] = objectKey.split('/');
    const generation = objects.get(objectKey)?.object.meta.generation;
    if (generation === undefined) {
      sink.forgetStatus({ kind, namespace, name, writer: WRITER });
      return;
    }
    const condition = outcomes.get(`${kind}/${objectKey}`)?.condition;
    if (condition === undefined) return;
    sink.setStatus({
      apiVersion: 'nodemesh.io/v1alpha1',
      kind,
      namespace,
      name,
      writer: WRITER,
      conditions: [{ type: 'Accepted', observedGeneration: generation, ...condition }],
    });
  };
  // An outcome may change without its object, and an object (its generation) without its outcome.
  return [
    objects.changes.subscribe((keys) => {
      for (const key of keys) write(key);
    }),
    outcomes.changes.subscribe((keys) => {
      for (const key of keys) write(key.slice(kind.length + 1));
    }),
  ];
}

const WRITER = 'admission-status';
