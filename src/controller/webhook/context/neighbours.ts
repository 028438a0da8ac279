import type { ObjectEvent } from '../../sources/index.ts';
import { createPodKinds } from './pod-kinds.ts';

/** What an object is judged beside, as texts (JSON). */
export interface Neighbourhood {
  readonly texts: readonly string[];
  /** There is more than was taken, so that what seems to be missing may be there. */
  readonly isCut: boolean;
}

/**
 * The objects of the mesh as they were written, to judge others by. Kept as text and by namespace; pods of one making
 * count as one.
 */
export interface Neighbours {
  apply(events: readonly ObjectEvent[]): void;
  /** The objects of the namespaces that matter to an object: its own, the root's, and those that it speaks of. */
  near(object: unknown, namespace: string): Neighbourhood;
  /** Objects and kinds of pods kept. */
  readonly size: number;
}

/** Empty; told of each event of the source. */
export function createNeighbours(rootNamespace: string): Neighbours {
  const pods = createPodKinds();
  /** By namespace and id; those without a namespace are in the empty one. */
  const kept = new Map<string, Map<string, string>>();
  let size = 0;

  const forget = (namespace: string, id: string): void => {
    const own = kept.get(namespace);
    if (own?.delete(id) !== true) return;
    size -= 1;
    if (own.size === 0) kept.delete(namespace);
  };
  const keep = (namespace: string, id: string, text: string): void => {
    forget(namespace, id);
    const own = kept.get(namespace) ?? new Map<string, string>();
    kept.set(namespace, own.set(id, text));
    size += 1;
  };
  const take = (event: ObjectEvent): void => {
    if (event.type === 'delete') {
      if (event.kind === 'Pod') pods.remove(event.key);
      const slash = event.key.indexOf('/');
      forget(slash === -1 ? '' : event.key.slice(0, slash), `${event.kind} ${event.key.slice(slash + 1)}`);
      return;
    }
    const { object, written } = event;
    const { namespace, name } = object.meta;
    if (object.kind === 'Pod') pods.set(object);
    else if (written !== undefined && isKept(object.kind, namespace, rootNamespace))
      keep(namespace, `${object.kind} ${name}`, textOf(written()));
  };

  return {
    apply(events) {
      for (const event of events) take(event);
    },
    near(object, namespace) {
      const spoken = namesIn(JSON.stringify(object));
      const names = new Set([namespace, rootNamespace]);
      for (const name of spoken) if (kept.has(name)) names.add(name);
      // A namespace or a Service may have its waypoint in a further one.
      for (const name of [...names]) for (const further of bindingsOf(kept, name)) names.add(further);
      const texts: string[] = [];
      let left = MOST_TEXT;
      const add = (text: string): boolean => {
        left -= text.length;
        if (left < 0 || texts.length >= MOST_OBJECTS) return false;
        texts.push(text);
        return true;
      };
      const all = [
        ...(kept.get('')?.values() ?? []),
        ...[...names].filter((name) => name !== '').flatMap((name) => [...(kept.get(name)?.values() ?? [])]),
        ...[...names].flatMap((name) => pods.standIns(name)),
      ];
      return { isCut: !all.every(add), texts };
    },
    get size() {
      return size + pods.size;
    },
  };
}

/** No judgement depends on where endpoints are, and a cluster's ConfigMaps are of all sorts. */
function isKept(kind: string, namespace: string, rootNamespace: string): boolean {
  if (kind === 'EndpointSlice' || kind === 'Node') return false;
  return kind !== 'ConfigMap' || namespace === rootNamespace;
}

/** Without what takes room and says nothing. */
function textOf(content: unknown): string {
  return JSON.stringify(content, (key, value: unknown) =>
    key === 'managedFields' || key === LAST_APPLIED ? undefined : value,
  );
}

/** Everything in the text that could be the name of a namespace. */
function namesIn(text: string): ReadonlySet<string> {
  return new Set(text.match(NAMES) ?? []);
}

function bindingsOf(
  kept: ReadonlyMap<string, ReadonlyMap<string, string>>,
  namespace: string,
): readonly string[] {
  const own = kept.get('')?.get(`Namespace ${namespace}`) ?? '';
  const texts = [own, ...(kept.get(namespace)?.values() ?? [])].filter((text) => text.includes(BINDING));
  return texts.flatMap((text) => [...namesIn(text)].filter((name) => kept.has(name)));
}

const NAMES = /[a-z0-9](?:[-a-z0-9]*[a-z0-9])?/g;
const BINDING = '/use-waypoint-namespace"';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** What can be judged in a second or so. */
const MOST_OBJECTS = 5_000;
const MOST_TEXT = 16 * 1024 * 1024;
