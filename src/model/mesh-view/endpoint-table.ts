import type { Service, ServiceKey } from '../service.ts';
import type { Workload, WorkloadUid } from '../workload.ts';
import type { Endpoint } from './mesh-view.ts';

/**
 * Endpoints by service. Those of a service that is not known are kept all the same, so that they are in place when it
 * arrives, whatever the order.
 */
export interface EndpointTable {
  add(workload: Workload): void;
  remove(workload: Workload): void;
  all(key: ServiceKey): readonly Endpoint[];
  eligible(key: ServiceKey, service: Service): readonly Endpoint[];
  keys(): IterableIterator<ServiceKey>;
}

interface Entry {
  readonly members: Map<WorkloadUid, Endpoint>;
  /** Built when first asked for after a change, so that many changes cost one list. */
  all: readonly Endpoint[] | undefined;
  eligible: readonly Endpoint[] | undefined;
  eligibleFor: Service['loadBalancing']['healthPolicy'] | undefined;
}

const NONE: readonly Endpoint[] = [];

/** An empty table. */
export function createEndpointTable(): EndpointTable {
  const entries = new Map<ServiceKey, Entry>();
  const all = (entry: Entry): readonly Endpoint[] => {
    entry.all ??= [...entry.members.values()];
    return entry.all;
  };
  const forget = (entry: Entry): void => {
    entry.all = undefined;
    entry.eligible = undefined;
  };
  return {
    add(workload) {
      for (const [service, ports] of workload.services) {
        let entry = entries.get(service);
        if (entry === undefined) {
          entry = { members: new Map(), all: undefined, eligible: undefined, eligibleFor: undefined };
          entries.set(service, entry);
        }
        entry.members.set(workload.uid, { workload, service, ports });
        forget(entry);
      }
    },
    remove(workload) {
      for (const service of workload.services.keys()) {
        const entry = entries.get(service);
        if (entry === undefined) continue;
        entry.members.delete(workload.uid);
        forget(entry);
        if (entry.members.size === 0) entries.delete(service);
      }
    },
    all(key) {
      const entry = entries.get(key);
      return entry === undefined ? NONE : all(entry);
    },
    eligible(key, service) {
      const entry = entries.get(key);
      if (entry === undefined) return NONE;
      const policy = service.loadBalancing.healthPolicy;
      if (entry.eligible === undefined || entry.eligibleFor !== policy) {
        entry.eligibleFor = policy;
        entry.eligible =
          policy === 'allow-all'
            ? all(entry)
            : all(entry).filter((endpoint) => endpoint.workload.status === 'healthy');
      }
      return entry.eligible;
    },
    keys: () => entries.keys(),
  };
}
