import type { TrafficEdge, TrafficEnd } from '../../../model/index.ts';

/** An edge that something was counted under. The same object for all that is the same edge, while it is in the table. */
export interface KnownEdge {
  readonly edge: TrafficEdge;
  readonly key: string;
  /** How many slots of time count under it. */
  slots: number;
  /** False once it has left the table. */
  kept: boolean;
}

/** The edges of the last minutes. What comes when there are too many goes under one edge named `other`. */
export interface EdgeTable {
  readonly size: number;
  entryOf(edge: TrafficEdge): KnownEdge;
  /** A slot that counted under it is gone. */
  release(entry: KnownEdge): void;
}

export function createEdgeTable(most: number): EdgeTable {
  const byKey = new Map<string, KnownEdge>();
  // Who counts often has the edge at hand, and then its key need not be made.
  const byObject = new WeakMap<TrafficEdge, KnownEdge>();
  const register = (edge: TrafficEdge, key: string): KnownEdge => {
    const entry: KnownEdge = { edge, key, slots: 0, kept: true };
    byKey.set(key, entry);
    return entry;
  };
  return {
    get size() {
      return byKey.size;
    },
    entryOf(edge) {
      const seen = byObject.get(edge);
      if (seen?.kept) return seen;
      const key = edgeKey(edge);
      const known = byKey.get(key);
      if (known === undefined && byKey.size >= most) {
        const other = overflowEdge(edge.reporter);
        const otherKey = edgeKey(other);
        return byKey.get(otherKey) ?? register(other, otherKey);
      }
      const entry = known ?? register(edge, key);
      byObject.set(edge, entry);
      return entry;
    },
    release(entry) {
      entry.slots -= 1;
      if (entry.slots > 0) return;
      entry.kept = false;
      byKey.delete(entry.key);
    },
  };
}

function edgeKey(edge: TrafficEdge): string {
  const { source, destination, service } = edge;
  const dialled = service === undefined ? '' : `${service.namespace}/${service.name}:${service.port}`;
  return `${edge.reporter}\n${edge.protocol}\n${edge.mutualTls}\n${edge.waypoint}\n${dialled}\n${endKey(source)}\n${endKey(destination)}`;
}

function endKey({ namespace, workload, identity }: TrafficEnd): string {
  return `${namespace}/${workload}/${identity}`;
}

function overflowEdge(reporter: TrafficEdge['reporter']): TrafficEdge {
  return {
    reporter,
    source: OTHER,
    destination: OTHER,
    service: undefined,
    protocol: 'tcp',
    mutualTls: false,
    waypoint: '',
  };
}

const OTHER: TrafficEnd = { namespace: '', workload: 'other', identity: '' };
