import { TunnelError } from './errors.ts';

/** Everything a session, server or pool may be told; each has the reference's value (wire.md §1.3, §1.4) as default. */
export interface TunnelConfig {
  /** What a peer may send on one stream before we read it. Default 4 MiB. */
  readonly streamWindowBytes: number;
  /** What a peer may have in flight on one session. Default 16 MiB. */
  readonly connectionWindowBytes: number;
  /** What a stalled stream's window falls to while its session or workload is short of memory. Default 64 KiB. */
  readonly pressedStreamWindowBytes: number;
  /** The largest frame that we take. Default 1 MiB. */
  readonly maxFrameBytes: number;
  /** Streams that a peer may have open on one session to us. Default 200. */
  readonly maxConcurrentStreams: number;
  /** Streams that we open on a session before the peer's SETTINGS arrived. Default 100. */
  readonly initialMaxSendStreams: number;
  /** Header list size that a client takes in an answer. Default 16 KiB. */
  readonly clientHeaderListBytes: number;
  /** Header list size that a server takes in a request. Default 64 KiB. */
  readonly serverHeaderListBytes: number;
  /** Time between keep-alive PINGs, the first one included. Default 10 s. */
  readonly keepAliveIntervalMs: number;
  /** A PING unanswered for so long ends its session. Default 20 s. */
  readonly keepAliveTimeoutMs: number;
  /** A peer must acknowledge our SETTINGS within this. Default 20 s. */
  readonly settingsTimeoutMs: number;
  /** A server drops a connection whose TLS handshake or preface takes longer. Default 10 s. */
  readonly handshakeTimeoutMs: number;
  /** The pool opens a further session before one carries more streams than this. Default 100. */
  readonly poolStreamsPerSession: number;
  /** The pool closes a session that had no stream for so long. Default 5 min. */
  readonly poolIdleReleaseMs: number;
  /** The pool gives up a connect after this. Default 10 s. */
  readonly poolConnectTimeoutMs: number;
}

/** What a caller gives of it; `resolveTunnelConfig` fills in the rest. */
export type TunnelOptions = Partial<TunnelConfig>;

/** Fills defaults in and checks ranges, once. */
export function resolveTunnelConfig(options: TunnelOptions = {}): TunnelConfig {
  const config: TunnelConfig = { ...DEFAULTS, ...options };
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    const value = config[name as keyof TunnelConfig];
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new TunnelError({
        code: 'ERR_TUNNEL_CONFIG',
        blame: 'local',
        message: `expected ${name} to be a whole number from ${least} to ${most}, got ${value}`,
      });
    }
  }
  return Object.freeze(config);
}

const KIB = 1024;
const MIB = 1024 * KIB;

const DEFAULTS: TunnelConfig = {
  streamWindowBytes: 4 * MIB,
  connectionWindowBytes: 16 * MIB,
  pressedStreamWindowBytes: 64 * KIB,
  maxFrameBytes: MIB,
  maxConcurrentStreams: 200,
  initialMaxSendStreams: 100,
  clientHeaderListBytes: 16 * KIB,
  serverHeaderListBytes: 64 * KIB,
  keepAliveIntervalMs: 10_000,
  keepAliveTimeoutMs: 20_000,
  settingsTimeoutMs: 20_000,
  handshakeTimeoutMs: 10_000,
  poolStreamsPerSession: 100,
  poolIdleReleaseMs: 300_000,
  poolConnectTimeoutMs: 10_000,
};

/** RFC 9113 §6.5.2 bounds windows and frames; the rest is bounded by what a timer or a table can hold. */
const MAX_WINDOW_BYTES = 0x7fff_ffff;
const MIN_FRAME_BYTES = 16_384;
const MAX_FRAME_BYTES = 0xff_ffff;
const DAY_MS = 86_400_000;

const RANGES: { readonly [K in keyof TunnelConfig]: readonly [number, number] } = {
  streamWindowBytes: [MIN_FRAME_BYTES, MAX_WINDOW_BYTES],
  connectionWindowBytes: [65_535, MAX_WINDOW_BYTES],
  pressedStreamWindowBytes: [MIN_FRAME_BYTES, MAX_WINDOW_BYTES],
  maxFrameBytes: [MIN_FRAME_BYTES, MAX_FRAME_BYTES],
  maxConcurrentStreams: [1, 1_000_000],
  initialMaxSendStreams: [1, 1_000_000],
  clientHeaderListBytes: [1024, MIB],
  serverHeaderListBytes: [1024, MIB],
  keepAliveIntervalMs: [1, DAY_MS],
  keepAliveTimeoutMs: [1, DAY_MS],
  settingsTimeoutMs: [1, DAY_MS],
  handshakeTimeoutMs: [1, DAY_MS],
  poolStreamsPerSession: [1, 1_000_000],
  poolIdleReleaseMs: [1, DAY_MS],
  poolConnectTimeoutMs: [1, DAY_MS],
};
