import type { ServicePort, TrafficCounts, TrafficEdge, TrafficEnd } from './traffic.ts';

/** Who answers, and for what. */
export interface ApiInfo {
  readonly scope: 'node' | 'mesh';
  /** Empty for the mesh. */
  readonly node: string;
  readonly version: string;
  readonly trustDomain: string;
  readonly startedMs: number;
  readonly nowMs: number;
  /** Of a node: where the dashboard of the whole mesh is. Empty for the mesh, and where nobody was told. */
  readonly meshUrl: string;
}

/** Counts of a window as rates. */
export interface Rates {
  /** Seconds that the rates are taken over. */
  readonly seconds: number;
  /** Per second. */
  readonly connects: number;
  readonly requests: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Connections and requests that were refused, and that failed (5xx too), per second. */
  readonly refused: number;
  readonly failed: number;
  readonly retries: number;
  /** 0 to 1; 1 when there was nothing. */
  readonly success: number;
  /** Milliseconds; undefined when nothing was timed. */
  readonly p50Ms: number | undefined;
  readonly p90Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

/** A pod, or another endpoint that the mesh knows. */
export interface WorkloadView {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** The Deployment or other owner; the pod's name without one. */
  readonly workload: string;
  readonly node: string;
  readonly addresses: readonly string[];
  readonly identity: string;
  readonly protocol: 'HBONE' | 'TCP';
  readonly waypoint: string;
  /**
   * How far it is in joining or leaving the mesh: `not enrolled`, `preparing`, `captured`, `leaving`, `failed: <why>`, or
   * `unknown`; `native` of who takes tunnels itself, as a waypoint does.
   */
  readonly enrolment: string;
  /** Of its certificate; undefined where this process does not hold it. */
  readonly certificate: { readonly notBeforeMs: number; readonly notAfterMs: number } | undefined;
  /** Open now. */
  readonly connections: number;
  /** Connections older than its enrolment, outside of the mesh. */
  readonly olderConnections: number;
  readonly rates: Rates;
  /** What it costs its node's proxy; undefined where unknown. */
  readonly cost: WorkloadCost | undefined;
}

/** The part of a node proxy's work that is for one workload, over the window. */
export interface WorkloadCost {
  /** 0 to 1, of the processor time that the proxy used. */
  readonly cpuShare: number;
  /** Processor seconds per second, estimated from the share. */
  readonly cpuCores: number;
  /** Bytes of buffers and connections held for it now, estimated. */
  readonly memoryBytes: number;
  /** 0 to 1, of the bytes that the proxy carried. */
  readonly bandwidthShare: number;
}

/** What clients name, with its traffic over the window and what is wrong with it. */
export interface ServiceView {
  readonly namespace: string;
  readonly name: string;
  readonly hostname: string;
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
  /** Healthy: those that get new connections, where the Service says `publishNotReadyAddresses` all of them. */
  readonly endpoints: { readonly healthy: number; readonly total: number };
  /** `namespace/name` of the waypoint before it, also of one that does not exist; empty without. */
  readonly waypoint: string;
  readonly rates: Rates;
  /** What is wrong with it over the window, the gravest first; empty when nothing is. */
  readonly problems: readonly ServiceProblem[];
}

/** What is wrong with a service, and why. */
export interface ServiceProblem {
  /**
   * `ejected`: its waypoint leaves out endpoints that failed. `refused`: policies may well be meant so. `slow`: a workload
   * beside the others of the service, or by any measure.
   */
  readonly kind: 'waypoint-missing' | 'no-endpoint' | 'failing' | 'ejected' | 'refused' | 'slow';
  /** `namespace/name` of the workload of the service that it is about; empty: all of the service. */
  readonly workload: string;
  /** What happens and why, in a sentence for people. */
  readonly message: string;
  /** What to do, in a sentence for people. */
  readonly hint: string;
}

/** A live connection. */
export interface ConnectionView {
  readonly id: string;
  readonly pod: string;
  readonly direction: 'inbound' | 'outbound';
  readonly source: TrafficEnd;
  readonly sourceAddress: string;
  readonly destination: TrafficEnd;
  readonly destinationAddress: string;
  readonly service: ServicePort | undefined;
  /** The far end of its tunnel; empty without one. */
  readonly tunnel: string;
  readonly waypoint: string;
  readonly openedMs: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** Nodes and edges of the graph, each edge once, whoever reported it. */
export interface Topology {
  readonly seconds: number;
  readonly nodes: readonly TopologyNode[];
  readonly edges: readonly TopologyEdge[];
}

/** A node of the graph. What is not in the mesh is one node for each address. */
export interface TopologyNode {
  /** `workload/<namespace>/<name>`, `service/<namespace>/<name>`, `outside/<address>`. */
  readonly id: string;
  readonly kind: 'workload' | 'service' | 'outside';
  readonly namespace: string;
  readonly name: string;
  /** Whether all of it is enrolled; of services, whether all their endpoints are. */
  readonly inMesh: boolean;
  /** `namespace/name` of the waypoint before it; empty without. */
  readonly waypoint: string;
}

/** An arrow of the graph, with its traffic over the window. */
export interface TopologyEdge {
  /** Ids of nodes. From a workload to the service that it dials, and from the service to the workloads that answered. */
  readonly from: string;
  readonly to: string;
  readonly protocol: TrafficEdge['protocol'];
  readonly mutualTls: boolean;
  readonly rates: Rates;
  /** Whether what answers is slow; the problems of the service say how slow. */
  readonly slow: boolean;
}

/** Numbers of one service over time. */
export interface ServiceSeries {
  readonly service: ServicePort | { readonly namespace: string; readonly name: string };
  readonly stepMs: number;
  /** Starts of the steps, in milliseconds since 1970. */
  readonly times: readonly number[];
  readonly rates: readonly Rates[];
}

/** A certificate that somebody in the mesh uses now. Times are in milliseconds since 1970. */
export interface CertificateView {
  readonly kind: 'workload' | 'root' | 'intermediate' | 'server';
  /** SPIFFE ID, or the subject. */
  readonly name: string;
  readonly proxy: string;
  readonly serial: string;
  readonly state: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** The last rotations, newest first; at most 20. */
  readonly rotations: readonly {
    readonly atMs: number;
    readonly serial: string;
    readonly outcome: 'issued' | 'failed';
    readonly error: string;
  }[];
}

/** A policy with what it has decided. */
export interface PolicyView {
  readonly namespace: string;
  readonly name: string;
  readonly kind: string;
  readonly action: string;
  /** What it selects, in words. */
  readonly scope: string;
  readonly dryRun: boolean;
  /** Since the process started: decisions that it made, by verdict. */
  readonly allowed: number;
  readonly denied: number;
  /** Of a dry-run policy: what enforcing it would change. */
  readonly wouldDeny: number;
  readonly wouldAllow: number;
  readonly problem: string;
}

/** A waypoint with what it routes, and the endpoints that it leaves out for now. */
export interface WaypointView {
  readonly namespace: string;
  readonly name: string;
  readonly ready: { readonly pods: number; readonly total: number };
  readonly serves: string;
  readonly rates: Rates;
  readonly routes: readonly {
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly service: string;
    readonly rule: string;
    readonly rates: Rates;
  }[];
  readonly ejected: readonly {
    readonly backend: string;
    readonly endpoint: string;
    readonly reason: string;
    readonly untilMs: number;
  }[];
}

/** A proxy as the controller sees it. */
export interface ProxyView {
  readonly id: string;
  readonly kind: 'ztunnel' | 'waypoint';
  readonly node: string;
  readonly version: string;
  readonly connectedMs: number;
  readonly state: 'current' | 'stale' | 'rejecting' | 'gone';
  /** Why it is not current, or what will keep it from staying so; empty when all is well. */
  readonly reason: string;
  readonly types: readonly {
    readonly typeUrl: string;
    readonly sent: string;
    readonly acknowledged: string;
    readonly rejected: string;
    readonly acknowledgedMs: number;
  }[];
  readonly pushP50Ms: number | undefined;
  readonly pushP99Ms: number | undefined;
  readonly lastReportMs: number;
  /** How far its clock was ahead of the controller's when it last reported, in milliseconds; undefined: it never did. */
  readonly clockAheadMs: number | undefined;
  /** Where the dashboard of its node is; empty where it has none that anybody was told of. */
  readonly dashboardUrl: string;
}

/** Of nothing that was watched. */
export const NO_RATES: Rates = {
  seconds: 0,
  connects: 0,
  requests: 0,
  sentBytes: 0,
  receivedBytes: 0,
  refused: 0,
  failed: 0,
  retries: 0,
  success: 1,
  p50Ms: undefined,
  p90Ms: undefined,
  p99Ms: undefined,
};

/** Nothing has happened. */
export const NO_COUNTS: TrafficCounts = {
  opened: 0,
  closed: 0,
  failed: 0,
  refused: 0,
  sentBytes: 0,
  receivedBytes: 0,
  requests: 0,
  statuses: [0, 0, 0, 0, 0],
  grpcErrors: 0,
  retries: 0,
  latency: [],
};
