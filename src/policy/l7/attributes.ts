import type { IpAddress, WorkloadIdentity } from '../../model/index.ts';

/** What a policy of a waypoint may look at, of one request or of one plain connection. */
export interface RequestAttributes {
  /** Who the peer proved to be. */
  readonly source: WorkloadIdentity | undefined;
  /** Of the pod that the connection is from. */
  readonly sourceAddress: IpAddress;
  /** Of whoever the request is from at its very beginning, as far as somebody trusted says; else the same. */
  readonly remoteAddress: IpAddress;
  /** What was dialled: a service's address and port, or a pod's. */
  readonly destinationAddress: IpAddress;
  readonly destinationPort: number;
  /** The name in the TLS ClientHello; empty: none. */
  readonly sni: string;
  /** Undefined for a plain connection. */
  readonly http: HttpAttributes | undefined;
}

/** What only a request has; a plain connection is judged without it. */
export interface HttpAttributes {
  readonly method: string;
  /** Host, or `:authority`, as the client wrote it. */
  readonly authority: string;
  /** Path and query as they will be forwarded. */
  readonly target: string;
  /** The values of a header, each line one; empty: it is not there. `name` in lower case. */
  header(name: string): readonly string[];
  readonly tokens: readonly TokenAttributes[];
}

/** A token whose signature, issuer, audience and times have been checked. */
export interface TokenAttributes {
  /** Claims as policies see them: lists with spaces between are lists. */
  readonly claims: Readonly<Record<string, unknown>>;
}
