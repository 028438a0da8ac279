import type { Upstream, UpstreamRefusalReason, Workload } from '../../model/index.ts';
import type { Backend } from './backend.ts';
import { askMesh, titleOf } from './endpoints/ask-mesh.ts';
import type { BackendRef } from './endpoints/known-endpoints.ts';
import type { ServiceEndpoint } from './endpoints/service-endpoint.ts';
import type { UpstreamDeps } from './upstream-deps.ts';

/** One backend as it is now, for people. */
export interface BackendDump {
  /** `namespace/name:port`, or `pod namespace/name:port`. */
  readonly backend: string;
  readonly namespace: string;
  /** False: no request has gone there yet, and what the mesh tells is all that is known. */
  readonly inUse: boolean;
  readonly activeRequests: number;
  readonly pendingRequests: number;
  readonly activeRetries: number;
  readonly connections: number;
  readonly endpoints: readonly EndpointDump[];
  /** Why there is none, where there is none. */
  readonly emptyBecause: UpstreamRefusalReason | undefined;
}

/** One endpoint as it is now. */
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

/** Endpoints by uid. Where there are none it says why. */
export function dumpBackend(backend: Backend, deps: UpstreamDeps): BackendDump {
  const { name, namespace, gate } = backend;
  const nowMs = deps.clock.monotonic();
  const endpoints = backend.endpoints().map((endpoint) => dumpEndpoint(endpoint, nowMs));
  return {
    backend: name,
    namespace,
    inUse: true,
    activeRequests: gate.active,
    pendingRequests: gate.pending,
    activeRetries: gate.retries,
    connections: gate.connections,
    endpoints: endpoints.sort(byUid),
    emptyBecause: endpoints.length > 0 ? undefined : askMesh(backend.ref, deps, undefined).emptyBecause,
  };
}

/** A backend that nobody has asked for. */
export function dumpUnused(ref: BackendRef, deps: UpstreamDeps): BackendDump {
  const { name, namespace } = titleOf(ref, deps.view);
  const { ranks, emptyBecause } = askMesh(ref, deps, undefined);
  const endpoints = ranks
    .flat()
    .map(({ workload, upstream }) => ({ ...placeOf(workload, upstream), ...UNTOUCHED }));
  return {
    backend: name,
    namespace,
    inUse: false,
    activeRequests: 0,
    pendingRequests: 0,
    activeRetries: 0,
    connections: 0,
    endpoints: endpoints.sort(byUid),
    emptyBecause: endpoints.length > 0 ? undefined : emptyBecause,
  };
}

type Place = Omit<EndpointDump, keyof typeof UNTOUCHED>;

function placeOf(workload: Workload, upstream: Upstream): Place {
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
  };
}

function dumpEndpoint(endpoint: ServiceEndpoint, nowMs: number): EndpointDump {
  const { workload, upstream, health } = endpoint;
  return {
    ...placeOf(workload, upstream),
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

function byUid(a: EndpointDump, b: EndpointDump): number {
  return a.uid < b.uid ? -1 : 1;
}

const UNTOUCHED = {
  health: 'healthy',
  backInMs: 0,
  ejections: 0,
  activeRequests: 0,
  connections: 0,
  latencyMs: 0,
  requests: 0,
  failures: 0,
};

/** How fast the figure that is shown fades where nobody asks the endpoint. */
const DECAY_MS = 10_000;
