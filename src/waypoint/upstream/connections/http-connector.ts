import type { ByteStream } from '../../../base/index.ts';
import type { HttpClientConnection } from '../../../http/index.ts';

/** What is spoken to an endpoint. */
export type UpstreamVersion = HttpClientConnection['version'];

/** Starts HTTP on a stream that was just opened; the connection owns it from then on. */
export type ConnectHttp = (stream: ByteStream, version: UpstreamVersion) => HttpClientConnection;
