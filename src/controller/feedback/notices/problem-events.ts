import type { SinkQueue } from '../../sink/index.ts';
import type { ObjectSource, SourceProblem } from '../../sources/index.ts';

/** Tells by an event on the object what is wrong with its manifest, once per fault. Returns what stops it. */
export function recordProblems(
  source: Pick<ObjectSource, 'problemChanges'>,
  sink: Pick<SinkQueue, 'recordEvent'>,
): () => void {
  let told = new Set<string>();
  return source.problemChanges.subscribe((problems) => {
    const now = new Set<string>();
    for (const problem of problems) {
      const id = JSON.stringify(problem);
      now.add(id);
      if (problem.severity === 'error' && problem.object !== '' && !told.has(id)) tell(problem, sink);
    }
    told = now;
  });
}

/** `object` is `Kind namespace/name`, or `Kind name` for kinds without namespace. */
function tell(problem: SourceProblem, sink: Pick<SinkQueue, 'recordEvent'>): void {
  const [kind = '', key = ''] = problem.object.split(' ', 2);
  const slash = key.indexOf('/');
  const where = problem.field === '' ? `${problem.file}:${problem.line}` : problem.field;
  sink.recordEvent({
    kind,
    namespace: slash === -1 ? '' : key.slice(0, slash),
    name: key.slice(slash + 1),
    type: 'Warning',
    reason: 'InvalidObject',
    message: `${where}: ${problem.message}`,
  });
}
