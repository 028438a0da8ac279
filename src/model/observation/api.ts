import type { FlowRecord, RefusalView, TraceSpan } from './events.ts';
import type { ServicePort, TrafficEnd } from './traffic.ts';
import type {
  ApiInfo,
  CertificateView,
  ConnectionView,
  PolicyView,
  ProxyView,
  ServiceSeries,
  ServiceView,
  Topology,
  WaypointView,
  WorkloadView,
} from './views.ts';

/**
 * The read-only HTTP API of a node (port 15022) and of the mesh (the controller's port 8080): what GET answers, as JSON, for each
 * path. Queries: docs/openapi.yaml.
 */
export interface ApiAnswers {
  readonly '/api/v1/info': ApiInfo;
  readonly '/api/v1/workloads': { readonly workloads: readonly WorkloadView[] };
  readonly '/api/v1/services': { readonly services: readonly ServiceView[] };
  /** `?namespace=&name=&window=&step=` (seconds). */
  readonly '/api/v1/service-metrics': ServiceSeries;
  /** `?window=&namespace=` */
  readonly '/api/v1/topology': Topology;
  /** `?window=&source=&destination=&verdict=&limit=`; newest first. */
  readonly '/api/v1/flows': { readonly flows: readonly FlowRecord[] };
  /** `?limit=&age=` (seconds). A node alone knows live connections; the mesh answers with an empty list. */
  readonly '/api/v1/connections': { readonly connections: readonly ConnectionView[]; readonly total: number };
  /** `?window=&source=&destination=&limit=`; newest first. */
  readonly '/api/v1/refusals': { readonly refusals: readonly RefusalView[] };
  readonly '/api/v1/certificates': { readonly certificates: readonly CertificateView[] };
  readonly '/api/v1/policies': { readonly policies: readonly PolicyView[] };
  readonly '/api/v1/waypoints': { readonly waypoints: readonly WaypointView[] };
  /** Only the controller knows proxies. */
  readonly '/api/v1/proxies': { readonly proxies: readonly ProxyView[] };
  /** `?id=`; the spans of one trace, oldest first. */
  readonly '/api/v1/trace': { readonly spans: readonly TraceSpan[] };
}

/** What may be asked for with GET. */
export type ApiPath = keyof ApiAnswers;

/** Any answer with a status of 400 or more. */
export interface ApiProblem {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
}

/** The live feed: a WebSocket of text messages, each one JSON object. */
export const LIVE_PATH = '/api/v1/live';

/** What a reader of the live feed may follow. */
export type LiveTopic = 'refusals' | 'connections' | 'requests' | 'topology' | 'workloads';

/** From the reader, at any time: what it follows from now on. */
export interface LiveFollow {
  readonly follow: readonly LiveTopic[];
  /** Only what has to do with this namespace; all when absent. */
  readonly namespace?: string;
  /** Of topology and workloads, in seconds; default 60. */
  readonly window?: number;
}

/** To the reader. */
export type LiveMessage =
  | { readonly topic: 'refusals'; readonly refusals: readonly RefusalView[] }
  | {
      readonly topic: 'connections';
      readonly opened: readonly ConnectionView[];
      readonly closed: readonly (ConnectionView & { readonly closedMs: number; readonly error: string })[];
    }
  | { readonly topic: 'requests'; readonly requests: readonly RequestView[] }
  /** Every two seconds at most. */
  | { readonly topic: 'topology'; readonly topology: Topology }
  | { readonly topic: 'workloads'; readonly workloads: readonly WorkloadView[] }
  /** The reader was too slow: this many messages were left out. */
  | { readonly topic: 'dropped'; readonly count: number };

/** One request that is over, as `tap` shows it. */
export interface RequestView {
  readonly atMs: number;
  readonly proxy: string;
  readonly source: TrafficEnd;
  readonly sourceAddress: string;
  readonly destination: TrafficEnd;
  readonly service: ServicePort | undefined;
  readonly protocol: 'http' | 'grpc';
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly status: number;
  readonly grpcStatus: number | undefined;
  readonly durationMs: number;
  readonly attempts: number;
  readonly route: string;
  readonly reason: string;
  readonly policy: string;
  readonly traceId: string;
}
