import type { Clock } from '../../base/index.ts';
import type { Backend } from './backend.ts';
import type { ServiceEndpoint } from './endpoints/service-endpoint.ts';

/** One backend as it is now, for people. */
export interface BackendDump {
  /** `namespace/name:port`, or `pod namespace/name:port`. */
  readonly backend: string;
  readonly activeRequests: number;
  readonly pendingRequests: number;
  readonly activeRetries: number;
  readonly connections: number;
  readonly endpoints: readonly EndpointDump[];
}

export interface EndpointDump {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly node: string;
  readonly zone: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: 'HBONE' | 'TCP';
  readonly weight: number;
  /** `healthy`, or why it is left out. */
  readonly health: string;
  /** Milliseconds until it comes back; 0 when it is not left out. */
  readonly backInMs: number;
  /** In a row. */
  readonly ejections: number;
  readonly activeRequests: number;
  readonly connections: number;
  /** Moving average of the time to the head of an answer. */
  readonly latencyMs: number;
  readonly requests: number;
  readonly failures: number;
}

export function dumpBackend(backend: Backend, clock: Clock): BackendDump {
  const { name, gate } = backend;
  return {
    backend: name,
    activeRequests: gate.active,
    pendingRequests: gate.pending,
    activeRetries: gate.retries,
    connections: gate.connections,
    endpoints: backend
      .endpoints()
      .map((endpoint) => dumpEndpoint(endpoint, clock.monotonic()))
      .sort((a, b) => (a.uid < b.uid ? -1 : 1)),
  };
}

function dumpEndpoint(endpoint: ServiceEndpoint, nowMs: number): EndpointDump {
  const { workload, upstream, health } = endpoint;
  return {
    uid: workload.uid,
    name: workload.name,
    namespace: workload.namespace,
    node: workload.node,
    zone: workload.locality.zone,
    address: upstream.address,
    port: upstream.targetPort,
    protocol: upstream.authority === undefined ? 'TCP' : 'HBONE',
    weight: workload.capacity,
    health: health.out?.reason ?? 'healthy',
    backInMs: health.out === undefined ? 0 : Math.max(0, Math.round(health.out.untilMs - nowMs)),
    ejections: health.ejections,
    activeRequests: endpoint.active,
    connections: endpoint.connections.count,
    latencyMs: Math.round(endpoint.latency.at(nowMs, DECAY_MS) * 1_000) / 1_000,
    requests: endpoint.requests,
    failures: endpoint.failures,
  };
}

/** How fast the figure that is shown fades where nobody asks the endpoint. */
const DECAY_MS = 10_000;
