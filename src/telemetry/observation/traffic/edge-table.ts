import type { TrafficEdge, TrafficEnd } from '../../../model/index.ts';

/** An edge that something was counted under. The same object for all that is the same edge, while it is in the table. */
export interface KnownEdge {
  readonly edge: TrafficEdge;
  readonly key: string;
  /** Undefined where nobody's share has to be watched. */
  readonly share: Share | undefined;
  /** How many slots of time count under it. */
  slots: number;
  /** False once it has left the table. */
  kept: boolean;
}

/** What one of many has of the table, so that it does not take the room of all others. */
interface Share {
  readonly key: string;
  readonly most: number;
  edges: number;
  /** Slots of all of its edges. */
  tallies: number;
}

/** The edges of the last minutes. What comes when there are too many goes under one edge named `other`. */
export interface EdgeTable {
  readonly size: number;
  /** `reportedBy`: another proxy, which may have a quarter of the table. */
  entryOf(edge: TrafficEdge, reportedBy?: string): KnownEdge;
  /** One more slot counts under it. */
  hold(entry: KnownEdge): void;
  /** A slot that counted under it is gone. */
  release(entry: KnownEdge): void;
}

/** `most`: distinct edges beside those that stand for others. */
export function createEdgeTable(most: number): EdgeTable {
  const byKey = new Map<string, KnownEdge>();
  const shares = new Map<string, Share>();
  // Who counts often has the edge at hand, and then its key need not be made.
  const byObject = new WeakMap<TrafficEdge, KnownEdge>();
  const register = (edge: TrafficEdge, key: string, share: Share | undefined): KnownEdge => {
    const entry: KnownEdge = { edge, key, share, slots: 0, kept: true };
    byKey.set(key, entry);
    if (share === undefined) return entry;
    share.edges += 1;
    shares.set(share.key, share);
    return entry;
  };
  const standIn = (edge: TrafficEdge): KnownEdge => {
    const key = edgeKey(edge);
    return byKey.get(key) ?? register(edge, key, undefined);
  };
  const shareOf = (edge: TrafficEdge, reportedBy: string | undefined): Share | undefined => {
    const key = reportedBy ?? outsideKey(edge);
    if (key === undefined) return undefined;
    const part = Math.ceil(most / (reportedBy === undefined ? OUTSIDE_PARTS : PROXY_PARTS));
    return shares.get(key) ?? { key, most: part, edges: 0, tallies: 0 };
  };
  return {
    get size() {
      return byKey.size;
    },
    entryOf(edge, reportedBy) {
      const seen = byObject.get(edge);
      if (seen?.kept) return seen;
      const key = edgeKey(edge);
      const known = byKey.get(key);
      if (known === undefined) {
        if (byKey.size >= most) return standIn(overflowEdge(edge.reporter));
        const share = shareOf(edge, reportedBy);
        if (share !== undefined && share.edges >= share.most)
          return standIn(reportedBy === undefined ? withoutOutside(edge) : overflowEdge(edge.reporter));
        const made = register(edge, key, share);
        byObject.set(edge, made);
        return made;
      }
      byObject.set(edge, known);
      return known;
    },
    hold(entry) {
      entry.slots += 1;
      if (entry.share !== undefined) entry.share.tallies += 1;
    },
    release(entry) {
      const { share } = entry;
      entry.slots -= 1;
      if (share !== undefined) share.tallies -= 1;
      if (entry.slots > 0) return;
      entry.kept = false;
      byKey.delete(entry.key);
      if (share === undefined) return;
      share.edges -= 1;
      if (share.edges === 0) shares.delete(share.key);
    },
  };
}

/** Whoever talks to many addresses outside, or is talked to by them, has a part of the table for these. */
function outsideKey({ reporter, source, destination }: TrafficEdge): string | undefined {
  if (destination.namespace === '') return `${reporter} ${endKey(source)}`;
  return source.namespace === '' ? `${reporter} ${endKey(destination)}` : undefined;
}

function withoutOutside(edge: TrafficEdge): TrafficEdge {
  const { source, destination } = edge;
  return destination.namespace === ''
    ? { ...edge, destination: OTHER, source: source.namespace === '' ? OTHER : source }
    : { ...edge, source: OTHER };
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
/** One proxy may have a quarter of another's table, and one workload a twentieth for addresses outside of the mesh. */
const PROXY_PARTS = 4;
const OUTSIDE_PARTS = 20;
