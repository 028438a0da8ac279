import { type ErrorCodeTable, MeshError, type MeshErrorOptions } from '../base/index.ts';

export const HTTP_ERROR_CODES = {
  ERR_HTTP_CONFIG: 'an HTTP setting is out of its range',
  ERR_HTTP_BAD_REQUEST: "a client's request breaks HTTP, or could be read in more than one way",
  ERR_HTTP_BAD_RESPONSE: "a server's answer breaks HTTP, or could be read in more than one way",
  ERR_HTTP_HEAD_TOO_LARGE: 'the head of a message is larger, or has more fields, than we take',
  ERR_HTTP_TARGET_TOO_LONG: "a request's target is longer than we take",
  ERR_HTTP_METHOD: 'a request has a method that this proxy does not carry (CONNECT)',
  ERR_HTTP_VERSION: 'a request is of a version of HTTP that we do not speak',
  ERR_HTTP_EXPECTATION: 'a request expects something other than 100-continue',
  ERR_HTTP_TIMEOUT: 'a client took longer over a message than it may',
  ERR_HTTP_HEADER: 'a field to be sent has characters that HTTP does not allow',
  ERR_HTTP_BODY_LENGTH: 'the body of a message to be sent is longer or shorter than it was said to be',
  ERR_HTTP_BODY_TOO_LARGE: 'a body that had to be read whole is larger than its limit',
  ERR_HTTP_STATE: 'an exchange was answered twice, or after its end',
  ERR_HTTP_PROTOCOL: 'the peer broke the HTTP/2 protocol',
  ERR_HTTP_FLOOD: 'the peer sent more control frames or resets than any honest peer does',
  ERR_HTTP_CUT: 'a message was cut before it was complete: by a reset, or by the end of its connection',
  ERR_HTTP_REFUSED: 'the peer refused a request before it looked at it (REFUSED_STREAM or GOAWAY)',
  ERR_HTTP_STALE:
    'a connection was closed by the server as a request was sent on it; no byte of an answer came',
  ERR_HTTP_CONNECTION_CLOSED: 'the connection takes no new requests, or ended',
  ERR_HTTP_CONNECTION_FULL: 'the connection has as many requests as the peer allows',
  ERR_HTTP_KEEP_ALIVE: 'the peer did not answer a keep-alive PING in time',
  ERR_HTTP_BUFFER_LIMIT: 'a stream was cut because unread bytes passed the cap of its workload or process',
  ERR_HTTP_ABORTED: 'the caller gave a request up before its end',
} as const satisfies ErrorCodeTable;

/** The codes of this folder; docs/errors.md says what each means. */
export type HttpErrorCode = keyof typeof HTTP_ERROR_CODES;

/**
 * Beside what every error has: the code of an HTTP/2 reset or GOAWAY, and the status that the client is to be given.
 */
export interface HttpErrorOptions extends MeshErrorOptions<HttpErrorCode> {
  readonly http2Code?: number | undefined;
  readonly status?: number | undefined;
}

/** Whatever ends or refuses an exchange. `retryable`: the server cannot have acted on the request. */
export class HttpError extends MeshError<HttpErrorCode> {
  /** The RFC 9113 §7 code that goes, or came, with it on the wire. */
  readonly http2Code: number | undefined;
  /** What the client's breach is answered with; only where the client is to blame for a request. */
  readonly status: number | undefined;

  constructor(options: HttpErrorOptions) {
    super(options);
    this.http2Code = options.http2Code;
    this.status = options.status;
  }
}
