/** The parts of a ztunnel's `/config_dump` that the commands show (wire.md §5.3). Other proxies' dumps may lack some. */
export interface ConfigDump {
  readonly workloads?: Readonly<Record<string, DumpedWorkload>> | readonly DumpedWorkload[];
  readonly services?: Readonly<Record<string, DumpedService>> | readonly DumpedService[];
  readonly policies?: readonly DumpedPolicy[];
  readonly certificates?: readonly DumpedCertificate[];
  readonly workloadState?: Readonly<Record<string, DumpedWorkloadState>>;
  /** A waypoint's dump has these two: which one it is, and what it was told beside routes. */
  readonly gateway?: string;
  readonly resources?: unknown;
}

/** An entry of `workloads`. */
export interface DumpedWorkload {
  readonly uid?: string;
  readonly name: string;
  readonly namespace: string;
  readonly workloadIps?: readonly string[];
  readonly hostname?: string;
  readonly protocol?: string;
  readonly node?: string;
  readonly waypoint?: DumpedWaypoint;
}

/** Where the waypoint of a workload or service is. */
export interface DumpedWaypoint {
  /** `network/address` or `namespace/hostname`. */
  readonly destination: string;
}

/** An entry of `services`. */
export interface DumpedService {
  readonly name: string;
  readonly namespace: string;
  readonly hostname?: string;
  readonly vips?: readonly string[];
  readonly waypoint?: DumpedWaypoint;
  /** Where a canary takes a share, all of them. An addition of nodemesh. */
  readonly weightedWaypoints?: readonly (DumpedWaypoint & { readonly weight: number })[];
  readonly endpoints?: Readonly<Record<string, { readonly status?: string }>>;
}

/** An entry of `policies`. */
export interface DumpedPolicy {
  readonly name: string;
  readonly namespace: string;
  readonly action: string;
  readonly scope: string;
  /** Judged and counted, not enforced. An addition of nodemesh. */
  readonly dryRun?: boolean;
  /** Why it could not be understood, so that it refuses all that it selects. An addition of nodemesh. */
  readonly notUnderstood?: string;
}

/** An entry of `certificates`: of one identity. */
export interface DumpedCertificate {
  readonly identity: string;
  readonly state: string;
  readonly certChain?: readonly DumpedCertificateEntry[];
  readonly rootCerts?: readonly DumpedCertificateEntry[];
  /** How many workloads use it. An addition of nodemesh. */
  readonly holders?: number;
}

/** One certificate of a chain, or one root. */
export interface DumpedCertificateEntry {
  /** Base64 of the PEM text. */
  readonly pem?: string;
  /** Decimal. */
  readonly serialNumber?: string;
  readonly validFrom?: string;
  readonly expirationTime?: string;
}

/** An entry of `workloadState`: a pod of the node. */
export interface DumpedWorkloadState {
  readonly state?: string;
  readonly connections?: {
    readonly inbound?: readonly DumpedConnection[];
    readonly outbound?: readonly DumpedConnection[];
    /** From before the pod was enrolled: plaintext, and outside of policy. An addition of nodemesh. */
    readonly older?: readonly DumpedOlderConnection[];
  };
  readonly info?: { readonly name: string; readonly namespace: string };
}

/** A live connection; addresses are `address:port`. */
export interface DumpedConnection {
  readonly src: string;
  readonly originalDst?: string | null;
  readonly actualDst: string;
  readonly protocol: string;
}

/** A connection from before the enrolment; addresses are `address:port`. */
export interface DumpedOlderConnection {
  readonly local: string;
  readonly remote: string;
}

/** Dumps come as a map by address or as a list; an object may stand under several addresses. */
export function valuesOf<T>(values: Readonly<Record<string, T>> | readonly T[] | undefined): readonly T[] {
  if (values === undefined) return [];
  return Array.isArray(values)
    ? (values as readonly T[])
    : Object.values(values as Readonly<Record<string, T>>);
}
