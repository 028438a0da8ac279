/** What the flags of `client` say. */
export interface EchoClientOptions {
  /** http, https, ws, wss, grpc, grpcs, tcp or tls; http when it names no scheme. */
  readonly url: string;
  readonly method: string;
  /** `Name:value`. A `Host` only changes the header. */
  readonly headers: readonly string[];
  readonly followRedirects: boolean;
  /** For HTTP over cleartext: HTTP/2 with prior knowledge. */
  readonly http2: boolean;
  /** For WebSocket, gRPC and TCP. */
  readonly message: string;
  readonly count: number;
  readonly timeoutMs: number;
  readonly write: (line: string) => void;
}
