import type { MeshCollections } from '../collections/index.ts';
import type { SinkQueue } from '../sink/index.ts';
import { createWarnings } from './notices/index.ts';

/**
 * Tells the authors of Telemetry objects, by the condition Accepted, what becomes of them, by an event too where that is not
 * all that they say. Returns what stops it.
 */
export function writeTelemetryStatus(
  { telemetryOutcomes, objects }: Pick<MeshCollections, 'telemetryOutcomes' | 'objects'>,
  sink: Pick<SinkQueue, 'setStatus' | 'forgetStatus' | 'recordEvent'>,
): () => void {
  const warnings = createWarnings(sink);
  const write = (key: string): void => {
    const [namespace = '', name = ''] = key.split('/');
    const about = { kind: 'Telemetry', namespace, name };
    const judged = objects.telemetries.get(key);
    if (judged === undefined) {
      sink.forgetStatus({ ...about, writer: WRITER });
      warnings.forget(about);
      return;
    }
    const condition = telemetryOutcomes.get(key)?.condition;
    if (condition === undefined) return;
    // Faults of the object itself are told where it was read.
    const isNews = condition.reason !== 'Accepted' && judged.faults.length === 0;
    warnings.tell(about, isNews ? condition : undefined);
    const observedGeneration = judged.object.meta.generation;
    sink.setStatus({
      apiVersion: 'telemetry.istio.io/v1',
      ...about,
      writer: WRITER,
      conditions: [{ type: 'Accepted', observedGeneration, ...condition }],
    });
  };
  // An outcome may change without its object, and an object (its generation) without its outcome.
  const stops = [telemetryOutcomes.changes, objects.telemetries.changes].map((changes) =>
    changes.subscribe((keys) => {
      for (const key of keys) write(key);
    }),
  );
  return () => {
    for (const stop of stops) stop();
  };
}

const WRITER = 'telemetry-status';
