import type { HostFirewallKind } from '../../net/index.ts';
import type { ControlPlaneConfig, HostPort, RefusalDetails, TelemetryConfig } from '../../proxy/index.ts';

/** Everything a node proxy is told at its start: complete, checked and frozen. */
export interface ZtunnelConfig {
  /** Name of the node; the controller serves this node's pods only. */
  readonly node: string;
  readonly mesh: {
    readonly trustDomain: string;
    readonly clusterId: string;
    /** Name of the network that this node is on; empty in a mesh of one network. */
    readonly network: string;
  };
  readonly controlPlane: ControlPlaneConfig;
  /** The proxy's own pod, for the control plane to tell one from another; nothing is granted by it. */
  readonly instance: {
    readonly name: string;
    readonly namespace: string;
    readonly address: string;
    /** What else the control plane is told about the proxy. */
    readonly metadata: Readonly<Record<string, string>>;
  };
  /**
   * Socket of Istio's CNI agent, which names and captures the node's pods; the control plane is an istiod then. Undefined: our
   * controller names them, and this process captures them.
   */
  readonly agentSocket: string | undefined;
  /**
   * Another mesh captures other pods of the node: chains, marks and routes in pods have names that it does not share. False:
   * those of Istio.
   */
  readonly sideBySide: boolean;
  /** Folder where the pods' network namespaces have names. */
  readonly namespaceDirectory: string;
  /** The machine's /proc, to find pods' network namespaces by their processes; undefined: they are found by name. */
  readonly hostProc: string | undefined;
  /** Where and how the node's rules for its probes are written; undefined: somebody else makes them, or nobody. */
  readonly hostNetwork: HostNetworkConfig | undefined;
  /** Unix socket on which the node's CNI plugin asks; undefined: there is no plugin. */
  readonly cniSocket: string | undefined;
  /** Private file for a restart without the controller; undefined: nothing is saved. */
  readonly stateFile: string | undefined;
  /** These three: an IP address of the proxy's own network namespace. */
  readonly admin: HostPort;
  readonly metrics: HostPort;
  readonly readiness: HostPort;
  readonly dashboard: DashboardConfig;
  readonly svidTtlMs: number;
  /** `level`: as `info`, or with exceptions `info,access=warn`. */
  readonly logging: { readonly level: string; readonly format: 'text' | 'json' };
  readonly telemetry: TelemetryConfig;
  /** What the proxies of refused clients are told. */
  readonly refusalDetails: RefusalDetails;
  readonly traffic: TrafficConfig;
  /** How long connections of a terminating proxy may live on. */
  readonly drainTimeoutMs: number;
}

/** Where the node's own rules are made, and with which tool. */
export interface HostNetworkConfig {
  /** The node's network namespace, as a file. */
  readonly hostNamespace: string;
  readonly firewall: HostFirewallKind | 'auto';
}

/** The pages and the API of the node. */
export interface DashboardConfig {
  /** Undefined: they are not served. */
  readonly address: HostPort | undefined;
  /** File with the token that readers must have; undefined: whoever reaches the address, which is a loopback one then. */
  readonly tokenFile: string | undefined;
  /** Where people find them, for the mesh's dashboard to lead there; undefined: it does not. */
  readonly url: string | undefined;
}

/** The limits of the data path. */
export interface TrafficConfig {
  /** How long one endpoint may take for TCP and TLS before another is tried. */
  readonly connectTimeoutMs: number;
  /**
   * How long the other node may take to answer a CONNECT; it may itself hold the request (`holdMs`). And how long an endpoint
   * may take for TCP and TLS where there is no other.
   */
  readonly answerTimeoutMs: number;
  /** How many endpoints are tried before the application is told. */
  readonly tries: number;
  /** How long a connection waits for a policy or for its own workload to arrive. */
  readonly holdMs: number;
}

export const DEFAULT_TRAFFIC: TrafficConfig = {
  connectTimeoutMs: 2_000,
  answerTimeoutMs: 10_000,
  tries: 3,
  holdMs: 5_000,
};
