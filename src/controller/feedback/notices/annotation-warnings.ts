import type { MeshCollections } from '../../collections/index.ts';
import type { SinkQueue } from '../../sink/index.ts';

/** Tells by an event on the pod which of its capture annotations cannot be read. Returns what stops it. */
export function warnOfAnnotations(
  { enrolments }: Pick<MeshCollections, 'enrolments'>,
  sink: Pick<SinkQueue, 'recordEvent'>,
): () => void {
  const told = new Map<string, string>();
  return enrolments.changes.subscribe((keys) => {
    for (const key of keys) {
      const plan = enrolments.get(key);
      const message = plan?.warnings.join('; ') ?? '';
      if (plan === undefined || message === '') {
        told.delete(key);
        continue;
      }
      if (told.get(key) === message) continue;
      told.set(key, message);
      const { namespace, name } = plan.pod;
      const reason = 'UnreadableAnnotation';
      sink.recordEvent({ kind: 'Pod', namespace, name, type: 'Warning', reason, message });
    }
  });
}
