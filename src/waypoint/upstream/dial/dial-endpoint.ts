import type { ByteStream } from '../../../base/index.ts';
import type { SocketAddress, Upstream } from '../../../model/index.ts';
import type { SpanContext } from '../../../telemetry/index.ts';

/** One way to an endpoint. */
export interface DialOptions {
  /** On whose behalf: the endpoint's own proxy is told, and the application sees this address. */
  readonly client: SocketAddress;
  /** The span that the connection is opened for; its endpoint's own proxy goes on with it. */
  readonly trace?: SpanContext | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Opens a connection to an endpoint: a tunnel where it takes one, else plain TCP. The taker owns the stream. Rejects with a
 * MeshError before any byte was sent.
 */
export type DialEndpoint = (upstream: Upstream, options: DialOptions) => Promise<ByteStream>;
