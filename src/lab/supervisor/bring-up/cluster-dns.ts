import { isDeepStrictEqual } from 'node:util';
import type { ObjectStore } from '../../cluster/index.ts';
import { buildZone, type Zone } from '../../dns/index.ts';
import type { NodeAgent } from '../../node-agent/index.ts';
import { CLUSTER_DOMAIN } from '../../state/index.ts';

/** The nodes' DNS, for as long as it is kept in step. */
export interface ClusterDns {
  /** Tells the agents what the objects say now. */
  flush(): void;
  close(): void;
}

const BATCH_MS = 10;

/** Keeps every node's DNS server in step with Services, EndpointSlices and Namespaces. */
export function startClusterDns(options: {
  readonly store: ObjectStore;
  readonly agents: readonly NodeAgent[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}): ClusterDns {
  const { store, agents, extra } = options;
  let timer: NodeJS.Timeout | undefined;
  let sent: Zone = new Map();
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const zone = buildZone({
      services: store.list('Service'),
      slices: store.list('EndpointSlice'),
      namespaces: store.list('Namespace').map(({ metadata }) => metadata.name),
      clusterDomain: CLUSTER_DOMAIN,
      extra,
    });
    if (isDeepStrictEqual(zone, sent)) return;
    sent = zone;
    for (const agent of agents) agent.setZone(zone);
  };
  const unsubscribe = store.changes.subscribe(({ object }) => {
    if (object.kind === 'Service' || object.kind === 'EndpointSlice' || object.kind === 'Namespace')
      timer ??= setTimeout(flush, BATCH_MS);
  });
  flush();
  return {
    flush,
    close() {
      unsubscribe();
      clearTimeout(timer);
    },
  };
}
