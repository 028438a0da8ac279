import { KEPT_MS, type FlowRecord } from '../../../model/index.ts';
import type { Sequenced } from './event-log.ts';

/** What was asked for, alike counted together; those that were not asked for the longest go when there are too many. */
export interface FlowTable {
  readonly size: number;
  /** Counts one more of the kind. */
  note(flow: Omit<FlowRecord, 'firstMs' | 'lastMs' | 'count'>, atMs: number, sequence: number): void;
  /** Takes the place of what its proxy said of the same kind before. */
  replace(flow: FlowRecord, nowMs: number, sequence: number): void;
  newestFirst(): readonly FlowRecord[];
  /** Those that changed after `sequence`, ascending. */
  since(sequence: number, most: number): readonly Sequenced<FlowRecord>[];
}

interface Kept {
  flow: FlowRecord;
  sequence: number;
}

export function createFlowTable(capacity: number): FlowTable {
  /** In the order of their last change. */
  const byKey = new Map<string, Kept>();
  const put = (key: string, kept: Kept, nowMs: number): void => {
    byKey.delete(key);
    byKey.set(key, kept);
    for (const [oldest, { flow }] of byKey) {
      if (byKey.size <= capacity && flow.lastMs >= nowMs - KEPT_MS) break;
      byKey.delete(oldest);
    }
  };
  return {
    get size() {
      return byKey.size;
    },
    note(flow, atMs, sequence) {
      const key = flowKey(flow);
      const before = byKey.get(key)?.flow;
      const { firstMs, count } = before ?? { firstMs: atMs, count: 0 };
      put(key, { flow: { ...flow, firstMs, lastMs: atMs, count: count + 1 }, sequence }, atMs);
    },
    replace(flow, nowMs, sequence) {
      put(flowKey(flow), { flow, sequence }, nowMs);
    },
    newestFirst: () => [...byKey.values()].map(({ flow }) => flow).reverse(),
    since(sequence, most) {
      const found: Sequenced<FlowRecord>[] = [];
      for (const kept of byKey.values()) {
        if (kept.sequence <= sequence) continue;
        found.push({ sequence: kept.sequence, item: kept.flow });
        if (found.length >= most) break;
      }
      return found;
    },
  };
}

/** Equal for what policies cannot tell apart. */
function flowKey(flow: Omit<FlowRecord, 'firstMs' | 'lastMs' | 'count'>): string {
  const { source, destination, service, request } = flow;
  const l4 = [
    flow.proxy,
    flow.reporter,
    source.namespace,
    source.workload,
    source.identity,
    flow.sourceAddress,
    destination.namespace,
    destination.workload,
    destination.identity,
    flow.destinationAddress,
    flow.destinationPort,
    service === undefined ? '' : `${service.namespace}/${service.name}:${service.port}`,
    flow.mutualTls,
    flow.waypoint,
    flow.verdict,
    flow.policy,
  ].join('\n');
  // The status is not among what a policy sees, but tells what became of it.
  return request === undefined ? l4 : `${l4}\n${JSON.stringify(request)}`;
}
