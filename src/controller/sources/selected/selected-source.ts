import { createSignal } from '../../../base/index.ts';
import type { ObjectKind } from '../../objects/index.ts';
import type { ObjectEvent, ObjectSource, SourceProblem } from '../object-source.ts';
import { createNamespaceSelection, keyOf } from './namespace-selection.ts';

/** The source, with what it leaves out. */
export interface SelectedSource extends ObjectSource {
  /** Whether what is in a namespace is of the mesh. */
  isSelected(namespace: string): boolean;
}

/**
 * A source without the namespaces that MeshConfig's `discoverySelectors` do not select: it is as if they were empty and had no
 * labels, and nothing else of them is kept. That they are there has to be known: a node that has never heard of a namespace
 * starts no new pods of it. One that comes to be selected is brought by the source again; of one that is no
 * more, everything is deleted.
 */
export function createSelectedSource(
  source: ObjectSource,
  options: { readonly rootNamespace: string; readonly ownNamespaces: ReadonlySet<string> },
): SelectedSource {
  const events = createSignal<readonly ObjectEvent[]>();
  const problemChanges = createSignal<readonly SourceProblem[]>();
  const selection = createNamespaceSelection(options);
  /** Namespaces that something was heard of, and whether they were selected then. */
  const judged = new Map<string, boolean>();
  const namespaces = new Map<string, ObjectEvent>();
  /** What has been delivered of each selected namespace: `Kind namespace/name`. */
  const delivered = new Map<string, Set<string>>();

  const judge = (namespace: string): boolean => {
    const known = judged.get(namespace);
    if (known !== undefined) return known;
    const selected = selection.has(namespace);
    judged.set(namespace, selected);
    return selected;
  };

  /**
   * Looks again at a namespace, and adds to `out` what follows; true: it has just been selected. `comes`: the batch brings
   * the Namespace itself.
   */
  const review = (namespace: string, comes: boolean, out: ObjectEvent[]): boolean => {
    const before = judged.get(namespace);
    judged.delete(namespace);
    const now = judge(namespace);
    if (before === undefined || before === now) return false;
    const object = comes ? undefined : namespaces.get(namespace);
    if (now) {
      if (object !== undefined) out.push(object);
      return true;
    }
    for (const id of delivered.get(namespace) ?? []) out.push(deletionOf(id));
    delivered.delete(namespace);
    if (object !== undefined) out.push(withoutLabels(object));
    return false;
  };

  const pass = (event: ObjectEvent, out: ObjectEvent[]): void => {
    const [kind, key] = keyOf(event);
    const slash = key.indexOf('/');
    if (kind === 'Namespace') {
      const isNews = event.type === 'upsert' || namespaces.has(key);
      if (event.type === 'delete') namespaces.delete(key);
      else namespaces.set(key, event);
      if (isNews) out.push(judge(key) ? event : withoutLabels(event));
      return;
    }
    if (slash === -1) {
      out.push(event);
      return;
    }
    const namespace = key.slice(0, slash);
    if (!judge(namespace)) return;
    note(event, namespace);
    out.push(event);
  };
  const note = (event: ObjectEvent, namespace: string): void => {
    const [kind, key] = keyOf(event);
    const id = `${kind} ${key}`;
    const own = delivered.get(namespace) ?? new Set<string>();
    if (event.type === 'delete') own.delete(id);
    else own.add(id);
    if (own.size > 0) delivered.set(namespace, own);
    else delivered.delete(namespace);
  };

  const stops = [
    source.events.subscribe((batch) => {
      const out: ObjectEvent[] = [];
      const stale = new Set<string>();
      const coming = new Set<string>();
      for (const event of batch) {
        const [kind, key] = keyOf(event);
        if (selection.take(event)) for (const namespace of judged.keys()) stale.add(namespace);
        if (kind === 'Namespace') coming.add(key);
      }
      for (const namespace of coming) stale.add(namespace);
      const wanted = new Set([...stale].filter((namespace) => review(namespace, coming.has(namespace), out)));
      for (const event of batch) pass(event, out);
      events.emit(out);
      if (wanted.size > 0) source.deliverAgain?.(wanted);
      if (stale.size > 0) problemChanges.emit(problems());
    }),
    source.problemChanges.subscribe(() => problemChanges.emit(problems())),
  ];
  const problems = (): readonly SourceProblem[] =>
    source.problems().filter(({ object }) => {
      const [, namespace] = /^\S+ ([^/]+)\//.exec(object) ?? [];
      return namespace === undefined || judge(namespace);
    });
  const stop = (): void => {
    for (const unsubscribe of stops) unsubscribe();
  };

  return {
    events,
    problemChanges,
    problems,
    isSelected: judge,
    start: () => source.start(),
    facts: () => source.facts?.() ?? [],
    deliverAgain: (wanted) => source.deliverAgain?.(wanted),
    async close() {
      stop();
      await source.close();
    },
    destroy(cause) {
      stop();
      source.destroy(cause);
    },
  };
}

/** A namespace as one that asks for nothing. */
function withoutLabels(event: ObjectEvent): ObjectEvent {
  if (event.type === 'delete' || event.object.kind !== 'Namespace') return event;
  const { object } = event;
  const meta = { ...object.meta, labels: NOTHING, annotations: NOTHING };
  return { ...event, object: { ...object, meta } };
}

const NOTHING: ReadonlyMap<string, string> = new Map();

function deletionOf(id: string): ObjectEvent {
  const space = id.indexOf(' ');
  // It was made from an object's kind.
  return { type: 'delete', kind: id.slice(0, space) as ObjectKind, key: id.slice(space + 1) };
}
