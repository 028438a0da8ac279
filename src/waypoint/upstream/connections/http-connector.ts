import type { BufferAccount, ByteStream, Clock } from '../../../base/index.ts';
import {
  connectHttp1,
  connectHttp2,
  type HttpClientConnection,
  type HttpConfig,
} from '../../../http/index.ts';

/** What is spoken to an endpoint. */
export type UpstreamVersion = HttpClientConnection['version'];

/** Starts HTTP on a stream that was just opened; the connection owns it from then on. */
export type ConnectHttp = (stream: ByteStream, version: UpstreamVersion) => HttpClientConnection;

/** What all connections to endpoints share. */
export interface HttpConnectorDeps {
  /** Limits of heads, bodies and times. */
  readonly config: HttpConfig;
  readonly clock: Clock;
  /** Where the unread bytes of HTTP/2 answers are counted. */
  readonly account: BufferAccount;
}

/** The version is the caller's to know: nothing is negotiated here. */
export function createHttpConnector(options: HttpConnectorDeps): ConnectHttp {
  return (stream, version) =>
    version === '2' ? connectHttp2(stream, options) : connectHttp1(stream, options);
}
