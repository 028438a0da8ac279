import type { LiveMessage } from '../../../model/index.ts';
import { knownNodes } from '../known-nodes.ts';
import { workloadViews } from '../routes.ts';
import type { ApiSources } from '../facts.ts';
import type { WorkBudget } from '../work-budget.ts';
import type { Follows } from './live-follow.ts';
import type { LiveReader } from './live-reader.ts';

/** Shows the readers how things are, as far as there is time for it. What several of them want is made once. */
export function showPictures(sources: ApiSources, budget: WorkBudget, readers: Iterable<LiveReader>): void {
  const made = new Map<string, string>();
  const show = (reader: LiveReader, key: string, make: () => LiveMessage): void => {
    const known = made.get(key);
    if (known === undefined && budget.isSpent) return;
    const text = known ?? budget.spend(() => JSON.stringify(make()));
    made.set(key, text);
    reader.show(text);
  };
  for (const reader of readers) {
    const { topics, namespace = '', windowMs } = reader.follows;
    if (topics.has('topology'))
      show(reader, `topology ${namespace} ${windowMs}`, () => topology(sources, reader.follows));
    if (topics.has('workloads'))
      show(reader, `workloads ${namespace} ${windowMs}`, () => workloads(sources, reader.follows));
  }
}

/** Whether a reader follows how things are, not only what happens. */
export function wantsPictures({ topics }: Follows): boolean {
  return topics.has('topology') || topics.has('workloads');
}

function topology({ store, facts }: ApiSources, { namespace, windowMs }: Follows): LiveMessage {
  const known = knownNodes(facts, windowMs);
  return { topic: 'topology', topology: store.topology({ windowMs, namespace, known }) };
}

function workloads(sources: ApiSources, { namespace, windowMs }: Follows): LiveMessage {
  const all = workloadViews(sources, windowMs);
  return {
    topic: 'workloads',
    workloads: namespace === undefined ? all : all.filter((workload) => workload.namespace === namespace),
  };
}
