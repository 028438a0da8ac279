import { type FlowRecord, type FlowRequest, KEPT_MS, type TrafficEnd } from '../../../model/index.ts';
import type { Sequenced } from './event-log.ts';

/** What was asked for, alike counted together; those that were not asked for the longest go when there are too many. */
export interface FlowTable {
  readonly size: number;
  /** Counts one more of the kind. */
  note(
    alike: Omit<FlowRecord, 'firstMs' | 'lastMs' | 'count' | 'proxy'>,
    seen: { readonly proxy: string; readonly atMs: number; readonly sequence: number },
  ): void;
  /** Takes the place of what its proxy said of the same kind before. */
  replace(flow: FlowRecord, nowMs: number, sequence: number): void;
  newestFirst(): readonly FlowRecord[];
  /** Those that changed after `sequence`, ascending. */
  since(sequence: number, most: number): readonly Sequenced<FlowRecord>[];
}

/** What is alike in all that a record stands for. */
type Alike = Omit<FlowRecord, 'firstMs' | 'lastMs' | 'count'>;

interface Kept {
  readonly alike: Omit<Alike, 'proxy'>;
  readonly proxy: string;
  firstMs: number;
  lastMs: number;
  count: number;
  sequence: number;
}

export function createFlowTable(capacity: number): FlowTable {
  /** In the order of their last change. */
  const byKey = new Map<string, Kept>();
  const put = (key: string, kept: Kept, nowMs: number): void => {
    byKey.delete(key);
    byKey.set(key, kept);
    for (const [oldest, { lastMs }] of byKey) {
      if (byKey.size <= capacity && lastMs >= nowMs - KEPT_MS) break;
      byKey.delete(oldest);
    }
  };
  return {
    get size() {
      return byKey.size;
    },
    note(alike, { proxy, atMs, sequence }) {
      const key = flowKey(alike, proxy);
      const known = byKey.get(key);
      const kept = known ?? { alike, proxy, firstMs: atMs, lastMs: atMs, count: 0, sequence };
      kept.count += 1;
      kept.lastMs = atMs;
      kept.sequence = sequence;
      put(key, kept, atMs);
    },
    replace(flow, nowMs, sequence) {
      const { proxy, firstMs, lastMs, count } = flow;
      put(flowKey(flow, proxy), { alike: flow, proxy, firstMs, lastMs, count, sequence }, nowMs);
    },
    newestFirst: () => [...byKey.values()].map(recordOf).reverse(),
    since(sequence, most) {
      const found: Sequenced<FlowRecord>[] = [];
      for (const kept of byKey.values()) {
        if (kept.sequence <= sequence) continue;
        found.push({ sequence: kept.sequence, item: recordOf(kept) });
        if (found.length >= most) break;
      }
      return found;
    },
  };
}

function recordOf({ alike, proxy, firstMs, lastMs, count }: Kept): FlowRecord {
  return { ...alike, proxy, firstMs, lastMs, count };
}

/** Equal for what policies cannot tell apart. Made for each connection and request, so of strings that are there already. */
function flowKey(flow: Omit<Alike, 'proxy'>, proxy: string): string {
  const { service, request } = flow;
  const dialled = service === undefined ? '' : `${service.namespace}/${service.name}:${service.port}`;
  const ends = `${endKey(flow.source)}\n${flow.sourceAddress}\n${endKey(flow.destination)}\n${flow.destinationAddress}`;
  const l4 = `${proxy}\n${flow.reporter}\n${ends}\n${flow.destinationPort}\n${dialled}\n${flow.mutualTls}\n${flow.waypoint}\n${flow.verdict}\n${flow.policy}`;
  return request === undefined ? l4 : `${l4}\n${requestKey(request)}`;
}

function endKey({ namespace, workload, identity }: TrafficEnd): string {
  return `${namespace}/${workload}/${identity}`;
}

/** The status is not among what a policy sees, but tells what became of it. */
function requestKey({ method, host, path, status, tokenPrincipal, headers, claims }: FlowRequest): string {
  const kept = `${hasAny(headers) ? JSON.stringify(headers) : ''}\n${hasAny(claims) ? JSON.stringify(claims) : ''}`;
  return `${method}\n${host}\n${path}\n${status}\n${tokenPrincipal}\n${kept}`;
}

function hasAny(fields: Readonly<Record<string, string>>): boolean {
  for (const name in fields) if (Object.hasOwn(fields, name)) return true;
  return false;
}
