import { HttpError } from './errors.ts';

/** Limits and times of one connection. Every limit bounds memory or time that a peer could otherwise take. */
export interface HttpConfig {
  /** The head of a message, start line included; of HTTP/2 the header list as RFC 9113 §6.5.2 counts. Default 64 KiB. */
  readonly maxHeadBytes: number;
  /** Fields of a head. Default 200. */
  readonly maxHeaderCount: number;
  /** A request's target. Default 16 KiB. */
  readonly maxTargetBytes: number;
  /** The fields behind a body. Default 16 KiB. */
  readonly maxTrailerBytes: number;
  /** Size and extensions of one chunk. Default 512. */
  readonly maxChunkLineBytes: number;
  /** HTTP/1.1: what may lie here of further requests while one is answered; then reading stops. Default 64 KiB. */
  readonly maxPipelinedBytes: number;
  /** HTTP/1.1: what is read and thrown away of a request's body that nobody wants, to keep its connection. Default 256 KiB. */
  readonly maxDrainedBytes: number;
  /** Interim answers before the final one. Default 16. */
  readonly maxInformational: number;
  /** From the first byte of a request's head to its last, and for the preface of HTTP/2. Default 10 s. */
  readonly headTimeoutMs: number;
  /** A server closes a connection that had no request for so long. Default 1 h. */
  readonly idleTimeoutMs: number;
  /**
   * HTTP/1.1: how long a connection that is to close and has no request waits for one, to say so in its answer: a client
   * that sends a request just when it is closed cannot know whether that was taken. Default 5 s.
   */
  readonly closingIdleMs: number;
  /** A request's body from which, or an answer of which, no byte moves for so long is cut. Default 5 min. */
  readonly bodyIdleTimeoutMs: number;
  /** HTTP/1.1: a request's body that comes more slowly, over any 10 s, is cut. Default 0: no such rule. */
  readonly minBodyBytesPerSecond: number;
  /** How long a client waits for a 100 before it sends the body all the same. Default 1 s. */
  readonly continueTimeoutMs: number;
  /** How long a closed connection may take over its last bytes. Default 2 s. */
  readonly lingerMs: number;
  /** HTTP/2: requests that a client may have open at once. Default 250. */
  readonly maxConcurrentStreams: number;
  /** HTTP/2: requests that we send before the server's SETTINGS arrived. Default 100. */
  readonly initialMaxSendStreams: number;
  /** HTTP/2: what a peer may send on one stream before it is read. Default 1 MiB. */
  readonly streamWindowBytes: number;
  /** HTTP/2: what a peer may have in flight on the connection. Default 4 MiB. */
  readonly connectionWindowBytes: number;
  /** HTTP/2: what a stalled stream's window falls to when memory is short. Default 64 KiB. */
  readonly pressedStreamWindowBytes: number;
  /** HTTP/2: the largest frame that we take. Default 64 KiB. */
  readonly maxFrameBytes: number;
  /** HTTP/2: time between keep-alive PINGs. Default 0: none, the tunnel below has its own and gRPC servers mind. */
  readonly keepAliveIntervalMs: number;
  /** HTTP/2: a PING unanswered for so long ends the connection. Default 20 s. */
  readonly keepAliveTimeoutMs: number;
  /** HTTP/2: a peer must acknowledge our SETTINGS within this. Default 20 s. */
  readonly settingsTimeoutMs: number;
}

/** What a caller gives of it; `resolveHttpConfig` fills in the rest. */
export type HttpOptions = Partial<HttpConfig>;

/** Fills defaults in and checks ranges, once. Throws ERR_HTTP_CONFIG. */
export function resolveHttpConfig(options: HttpOptions = {}): HttpConfig {
  const config: HttpConfig = { ...DEFAULTS, ...options };
  for (const [name, [least, most]] of Object.entries(HTTP_CONFIG_RANGES)) {
    const value = config[name as keyof HttpConfig];
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new HttpError({
        code: 'ERR_HTTP_CONFIG',
        blame: 'local',
        message: `expected ${name} to be a whole number from ${least} to ${most}, got ${value}`,
      });
    }
  }
  return Object.freeze(config);
}

const KIB = 1024;
const MIB = 1024 * KIB;
const DAY_MS = 86_400_000;

const DEFAULTS: HttpConfig = {
  maxHeadBytes: 64 * KIB,
  maxHeaderCount: 200,
  maxTargetBytes: 16 * KIB,
  maxTrailerBytes: 16 * KIB,
  maxChunkLineBytes: 512,
  maxPipelinedBytes: 64 * KIB,
  maxDrainedBytes: 256 * KIB,
  maxInformational: 16,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 3_600_000,
  closingIdleMs: 5_000,
  bodyIdleTimeoutMs: 300_000,
  minBodyBytesPerSecond: 0,
  continueTimeoutMs: 1_000,
  lingerMs: 2_000,
  maxConcurrentStreams: 250,
  initialMaxSendStreams: 100,
  streamWindowBytes: MIB,
  connectionWindowBytes: 4 * MIB,
  pressedStreamWindowBytes: 64 * KIB,
  maxFrameBytes: 64 * KIB,
  keepAliveIntervalMs: 0,
  keepAliveTimeoutMs: 20_000,
  settingsTimeoutMs: 20_000,
};

/** RFC 9113 §6.5.2 bounds windows and frames; the rest is bounded by what a timer or a table can hold. */
const MAX_WINDOW_BYTES = 0x7fff_ffff;
const MIN_FRAME_BYTES = 16_384;
const MAX_FRAME_BYTES = 0xff_ffff;

/** The least and the most that each may be, in its own unit. */
export const HTTP_CONFIG_RANGES: { readonly [K in keyof HttpConfig]: readonly [number, number] } = {
  maxHeadBytes: [1024, MIB],
  maxHeaderCount: [1, 10_000],
  maxTargetBytes: [64, MIB],
  maxTrailerBytes: [0, MIB],
  maxChunkLineBytes: [16, 64 * KIB],
  maxPipelinedBytes: [1024, 16 * MIB],
  maxDrainedBytes: [0, 1024 * MIB],
  maxInformational: [0, 1_000],
  headTimeoutMs: [1, DAY_MS],
  idleTimeoutMs: [1, DAY_MS],
  closingIdleMs: [1, DAY_MS],
  bodyIdleTimeoutMs: [1, DAY_MS],
  minBodyBytesPerSecond: [0, MAX_WINDOW_BYTES],
  continueTimeoutMs: [0, DAY_MS],
  lingerMs: [1, DAY_MS],
  maxConcurrentStreams: [1, 1_000_000],
  initialMaxSendStreams: [1, 1_000_000],
  streamWindowBytes: [MIN_FRAME_BYTES, MAX_WINDOW_BYTES],
  connectionWindowBytes: [65_535, MAX_WINDOW_BYTES],
  pressedStreamWindowBytes: [MIN_FRAME_BYTES, MAX_WINDOW_BYTES],
  maxFrameBytes: [MIN_FRAME_BYTES, MAX_FRAME_BYTES],
  keepAliveIntervalMs: [0, DAY_MS],
  keepAliveTimeoutMs: [1, DAY_MS],
  settingsTimeoutMs: [1, DAY_MS],
};

/** What an end takes that is not told otherwise. */
export const DEFAULT_HTTP_CONFIG = resolveHttpConfig();
