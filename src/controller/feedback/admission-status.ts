import type { Collection, Judged, MeshCollections } from '../collections/index.ts';
import type { FaultInjectionObject, FilterObject, RateLimitObject } from '../objects/index.ts';
import type { SyntaxCheck } from '../filter-syntax/index.ts';
import type { SinkQueue } from '../sink/index.ts';
import { type AdmissionCondition, type AdmissionOutcome, filterInvalid } from '../translate/index.ts';

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
  syntax: Pick<SyntaxCheck, 'problemOf'>,
): () => void {
  const stops = [
    ...follow('RateLimit', objects.rateLimits, outcomes.rateLimitOutcomes, sink),
    ...follow('FaultInjection', objects.faultInjections, outcomes.faultOutcomes, sink),
    ...follow('Filter', objects.filters, outcomes.filterOutcomes, sink, (outcome) =>
      filterCondition(outcome, syntax),
    ),
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
  conditionOf?: (outcome: AdmissionOutcome) => Promise<AdmissionCondition>,
): readonly (() => void)[] {
  let isStopped = false;
  const write = (objectKey: string): void => {
    const [namespace = '', name = ''] = objectKey.split('/');
    const generation = objects.get(objectKey)?.object.meta.generation;
    if (generation === undefined) {
      sink.forgetStatus({ kind, namespace, name, writer: WRITER });
      return;
    }
    const outcome = outcomes.get(`${kind}/${objectKey}`);
    if (outcome === undefined) return;
    const tell = (condition: AdmissionCondition): void => setStatus(objectKey, generation, condition);
    if (conditionOf === undefined) {
      tell(outcome.condition);
      return;
    }
    void conditionOf(outcome).then((condition) => {
      // Meanwhile there may be another outcome, which is told by its own change.
      if (!isStopped && outcomes.get(`${kind}/${objectKey}`) === outcome) tell(condition);
    });
  };
  const setStatus = (objectKey: string, generation: number, condition: AdmissionCondition): void => {
    const [namespace = '', name = ''] = objectKey.split('/');
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
    () => {
      isStopped = true;
    },
  ];
}

/** A module that cannot be loaded is told with its line, though the waypoints find out for themselves. */
async function filterCondition(
  { resource, condition }: AdmissionOutcome,
  syntax: Pick<SyntaxCheck, 'problemOf'>,
): Promise<AdmissionCondition> {
  if (resource?.kind !== 'filter' || resource.filter.source.kind === 'missing') return condition;
  const problem = await syntax.problemOf(resource.filter.source.text);
  if (problem === undefined) return condition;
  return filterInvalid(
    resource.filter.failure,
    `spec.source: ${problem} (a version that was in force before stays so)`,
  );
}

const WRITER = 'admission-status';
