/** What the engine has to be told; whoever opens a connection resolves it. */
export interface Http2Config {
  /** What a peer may send on one stream before we read it. */
  readonly streamWindowBytes: number;
  /** What a peer may have in flight on one connection. */
  readonly connectionWindowBytes: number;
  /** What a stalled stream's window falls to while its connection or workload is short of memory. */
  readonly pressedStreamWindowBytes: number;
  /** The largest frame that we take. */
  readonly maxFrameBytes: number;
  /** Streams that a client may have open to us; a server says so. */
  readonly maxConcurrentStreams: number;
  /** Streams that we open before the peer's SETTINGS arrived. */
  readonly initialMaxSendStreams: number;
  /** The largest header list that we take, counted as RFC 9113 §6.5.2 does. */
  readonly headerListBytes: number;
  /** Time between keep-alive PINGs, the first one included. 0: none. */
  readonly keepAliveIntervalMs: number;
  /** A PING unanswered for so long ends its connection. */
  readonly keepAliveTimeoutMs: number;
  /** A peer must acknowledge our SETTINGS within this. */
  readonly settingsTimeoutMs: number;
}
