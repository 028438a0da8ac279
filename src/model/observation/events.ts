import type { ServicePort, TrafficEdge, TrafficEnd } from './traffic.ts';

/** A connection or request that was not let through, or could not be carried. One of each, whoever retried. */
export interface RefusalView {
  /** Unique in the mesh. */
  readonly id: string;
  readonly atMs: number;
  /** Who refused: `ztunnel/<node>` or `waypoint/<namespace>/<pod>`. */
  readonly proxy: string;
  readonly reporter: TrafficEdge['reporter'];
  readonly source: TrafficEnd;
  /** The client's address, without its port where only its workload matters. */
  readonly sourceAddress: string;
  readonly destination: TrafficEnd;
  /** `address:port` or `host:port`, as it was dialled. */
  readonly dialled: string;
  readonly service: ServicePort | undefined;
  /** Of requests. */
  readonly request: RefusedRequest | undefined;
  /** `refused`: by a policy or by design. `failed`: by a fault. */
  readonly kind: 'refused' | 'failed';
  /** A word of a closed list: an error code, or a reason of docs/errors.md. */
  readonly reason: string;
  /** The deciding policy as `namespace/name`; empty when none decided. */
  readonly policy: string;
  /** Its rule, counted from 1; 0 when no rule decided (an ALLOW policy that nothing matched). */
  readonly rule: number;
  /** What happened, in a sentence for people. */
  readonly message: string;
  /** What to do, in a sentence for people; empty when nothing is to be done. */
  readonly hint: string;
  readonly traceId: string;
}

/**
 * Whether it says only that the other end refused: a client's node hears no more than the status of a tunnel. The other end's
 * own record says why.
 */
export function isHearsay({ reason }: Pick<RefusalView, 'reason'>): boolean {
  return reason === 'ERR_TUNNEL_STATUS';
}

/** What was asked for, where what was refused is a request. */
export interface RefusedRequest {
  readonly method: string;
  readonly host: string;
  /** Without its query. */
  readonly path: string;
  readonly status: number;
}

/**
 * What was asked for, kept so that a proposed policy can be tried on it: one record for all that is alike in what a policy can
 * see.
 */
export interface FlowRecord {
  readonly firstMs: number;
  readonly lastMs: number;
  /** How many connections or requests this stands for. */
  readonly count: number;
  readonly proxy: string;
  readonly reporter: TrafficEdge['reporter'];
  readonly source: TrafficEnd;
  readonly sourceAddress: string;
  readonly destination: TrafficEnd;
  /** The pod's address where it is known. */
  readonly destinationAddress: string;
  readonly destinationPort: number;
  readonly service: ServicePort | undefined;
  readonly mutualTls: boolean;
  readonly waypoint: string;
  readonly verdict: 'allowed' | 'refused' | 'failed';
  readonly policy: string;
  readonly request: FlowRequest | undefined;
}

/** In place of a value that was there and is too long to be kept. No header has it, and no JSON. */
export const NOT_KEPT = '\u0000';

/** What policies of a waypoint can see of a request. */
export interface FlowRequest {
  /** Cut at 32 characters. */
  readonly method: string;
  /** Cut at 261 characters, which no name of DNS with a port has. */
  readonly host: string;
  /** Without its query; long ones are cut at 256 characters. */
  readonly path: string;
  /**
   * Only the headers that policies in force ask for, in lower case; of them those that are not here were not there. Others
   * were not kept, and are unknown, and so is `NOT_KEPT`.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** `issuer/subject` of an accepted token; empty without. */
  readonly tokenPrincipal: string;
  /** Only the outermost claims that policies in force ask for, as JSON; the same holds for them. */
  readonly claims: Readonly<Record<string, string>>;
  readonly status: number;
}

/** One step of a traced request or connection (OpenTelemetry's span, as far as a person looks at it). */
export interface TraceSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Empty for the first. */
  readonly parentId: string;
  readonly name: string;
  readonly proxy: string;
  readonly kind: 'client' | 'server' | 'internal';
  readonly startMs: number;
  readonly durationMs: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}
