import { type ErrorCodeTable, MeshError, type MeshErrorOptions } from '../base/index.ts';

export const HTTP_ERROR_CODES = {
  ERR_HTTP_PROTOCOL: 'the peer broke the HTTP/2 protocol',
  ERR_HTTP_FLOOD: 'the peer sent more control frames or resets than any honest peer does',
  ERR_HTTP_CUT: 'a message was cut before it was complete: by a reset, or by the end of its connection',
  ERR_HTTP_REFUSED: 'the peer refused a request before it looked at it (REFUSED_STREAM or GOAWAY)',
  ERR_HTTP_CONNECTION_CLOSED: 'the connection takes no new requests, or ended',
  ERR_HTTP_KEEP_ALIVE: 'the peer did not answer a keep-alive PING in time',
  ERR_HTTP_BUFFER_LIMIT: 'a stream was cut because unread bytes passed the cap of its workload or process',
} as const satisfies ErrorCodeTable;

export type HttpErrorCode = keyof typeof HTTP_ERROR_CODES;

export interface HttpErrorOptions extends MeshErrorOptions<HttpErrorCode> {
  readonly http2Code?: number | undefined;
}

/** Whatever ends or refuses an exchange. `retryable`: the server cannot have acted on the request. */
export class HttpError extends MeshError<HttpErrorCode> {
  /** The RFC 9113 §7 code that goes, or came, with it on the wire. */
  readonly http2Code: number | undefined;

  constructor(options: HttpErrorOptions) {
    super(options);
    this.http2Code = options.http2Code;
  }
}
