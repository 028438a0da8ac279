/** How one proxy stands with one type of resources, for `proxy-status`. */
export interface ProxyTypeStatus {
  readonly typeUrl: string;
  /** `pending`: a response is under way; `stale`: there is news that has not been sent. */
  readonly state: 'synced' | 'pending' | 'stale';
  /** Since when it has not been told, or has not acknowledged, what it is to know; undefined when it is synced. */
  readonly behindSinceMs: number | undefined;
  readonly wildcard: boolean;
  /** How many names it subscribed to; 0 for a pure wildcard. */
  readonly names: number;
  readonly sentNonce: string;
  readonly acknowledgedNonce: string;
  /** Of everything, when it was sent; empty before the first. */
  readonly sentVersion: string;
  readonly acknowledgedVersion: string;
  /** Milliseconds since the epoch; undefined before the first. */
  readonly lastAcknowledgedAtMs: number | undefined;
  readonly lastRejection:
    | {
        readonly nonce: string;
        readonly version: string;
        readonly message: string;
        readonly atMs: number;
      }
    | undefined;
}

/** One stream that is open now. */
export interface ConnectedProxy {
  /** Who the transport says it is. */
  readonly id: string;
  readonly audience: string | undefined;
  /** What others call it; empty for who has no name. */
  readonly name: string;
  /** Who it says it is itself: the node id of its first request. */
  readonly nodeId: string;
  /** Which version of nodemesh it says it is; empty where it does not. */
  readonly version: string;
  readonly connectedAtMs: number;
  readonly types: readonly ProxyTypeStatus[];
  /** Milliseconds from a change to its acknowledgement, of the last 100 that were acknowledged. */
  readonly pushTimesMs: readonly number[];
}

/** A proxy refused a response: what it was told is not, or not wholly, in force there. */
export interface Rejection {
  readonly proxy: string;
  readonly typeUrl: string;
  readonly nonce: string;
  readonly message: string;
}
