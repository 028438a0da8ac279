import type { Upstream, Workload, WorkloadUid } from '../../../model/index.ts';
import type { Peer } from '../balancing/balancer.ts';
import { createLatencyEstimate } from '../balancing/latency-estimate.ts';
import type { EndpointConnections } from '../connections/endpoint-connections.ts';
import { createEndpointHealth, type EndpointHealth } from '../outliers/endpoint-health.ts';

/** One endpoint of one service and port: where it is, how it does, and the connections to it. */
export interface ServiceEndpoint extends Peer {
  readonly uid: WorkloadUid;
  readonly workload: Workload;
  /** How it is reached now. */
  readonly upstream: Upstream;
  readonly health: EndpointHealth;
  readonly connections: EndpointConnections;
  active: number;
  /** Tries so far, and those of them that failed. */
  requests: number;
  failures: number;
  /** The mesh tells something new of it. A connection that leads elsewhere than it should is let go. */
  update(reached: ReachedEndpoint): void;
}

/** What the mesh tells of an endpoint. */
export interface ReachedEndpoint {
  readonly workload: Workload;
  readonly upstream: Upstream;
}

/** Where it is, and how it is connected to. */
export interface ServiceEndpointOptions {
  readonly reached: ReachedEndpoint;
  readonly sinceMs: number;
  readonly connections: EndpointConnections;
  /** What those are told who wait for a connection to where it was before. */
  moved(): Error;
}

/** Healthy, and without a request. */
export function createServiceEndpoint(options: ServiceEndpointOptions): ServiceEndpoint {
  const { sinceMs, connections, moved } = options;
  let { workload, upstream } = options.reached;
  return {
    id: workload.uid,
    uid: workload.uid,
    get capacity() {
      return workload.capacity;
    },
    get workload() {
      return workload;
    },
    get upstream() {
      return upstream;
    },
    sinceMs,
    connections,
    latency: createLatencyEstimate(),
    health: createEndpointHealth(),
    active: 0,
    requests: 0,
    failures: 0,
    update(next) {
      const leadsElsewhere = !isSamePlace(upstream, next.upstream);
      workload = next.workload;
      upstream = next.upstream;
      if (leadsElsewhere) connections.retire(moved());
    },
  };
}

function isSamePlace(a: Upstream, b: Upstream): boolean {
  return (
    a.address === b.address &&
    a.port === b.port &&
    a.authority === b.authority &&
    // The same names may be told again; then they are another set.
    [...a.expectedIdentities].join() === [...b.expectedIdentities].join()
  );
}
