import type { HttpConfig } from '../../http/index.ts';
import type { GatewayKey, SpiffeId } from '../../model/index.ts';
import type { ControlPlaneConfig, HostPort, RefusalDetails, TelemetryConfig } from '../../proxy/index.ts';

/** Everything a waypoint is told at its start: complete, checked and frozen. */
export interface WaypointConfig {
  /** The Gateway whose proxy this is one replica of. */
  readonly gateway: GatewayKey;
  /** Name of the replica's own pod. */
  readonly pod: string;
  readonly mesh: {
    readonly trustDomain: string;
    readonly clusterId: string;
    /** Ending of service names. */
    readonly clusterDomain: string;
    /** Name of the network that this proxy is on; empty in a mesh of one network. */
    readonly network: string;
  };
  readonly controlPlane: ControlPlaneConfig;
  /** The waypoint's own service account; its namespace is the Gateway's. */
  readonly serviceAccount: string;
  /** Where Secrets are mounted that policies refer to by name; undefined: nowhere. */
  readonly credentialsDirectory: string | undefined;
  /** An IP address of the proxy's own network namespace, for each of these. */
  readonly hbone: HostPort;
  readonly admin: HostPort;
  readonly metrics: HostPort;
  readonly readiness: HostPort;
  readonly svidTtlMs: number;
  /** `level`: as `info`, or with exceptions `info,access=warn`. */
  readonly logging: { readonly level: string; readonly format: 'text' | 'json' };
  readonly telemetry: TelemetryConfig;
  /** Limits and times of connections, of clients and to endpoints. */
  readonly http: HttpConfig;
  readonly memory: {
    /**
     * Bytes that have been received and that nobody has taken yet, in the whole process. HTTP/2 windows shrink at half of
     * it; above it streams that hold more than the smallest window are reset.
     */
    readonly maxBufferedBytes: number;
    /** Requests under way; one more gets a 503. One client pod has at most half of them. */
    readonly maxActiveRequests: number;
    /** Connections to endpoints that nobody uses and that are kept; one more closes the one that was used longest ago. */
    readonly maxIdleConnections: number;
    /** Counters that one limit of a RateLimit keeps; requests that would need one more share one. */
    readonly maxRateLimitKeys: number;
    /** Filters that run at once, each in a process of its own; further ones fail. */
    readonly maxFilters: number;
    /** Bytes of bodies that all filters hold at once; a request that needs more is a failure of its filter. */
    readonly maxFilterBodyBytes: number;
  };
  /** What applications are told of where a request comes from. */
  readonly passedOn: {
    /** Who may have said something of its own clients before, and is believed. */
    readonly trustedClients: readonly SpiffeId[];
    /** Tells who the client is, in `x-forwarded-client-cert`. */
    readonly clientCertificate: boolean;
  };
  /** What the proxies of refused clients are told. */
  readonly refusalDetails: RefusalDetails;
  /** How long requests and connections of a terminating proxy may live on. */
  readonly drainTimeoutMs: number;
}
