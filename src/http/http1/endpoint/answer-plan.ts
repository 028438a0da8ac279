import { HttpError } from '../../errors.ts';
import type { HttpBody, HttpResponse } from '../../message/http-message.ts';
import { encodeResponseHead } from '../codec/encode-head.ts';
import type { RequestHead } from '../codec/request-head.ts';
import { hasNoBody } from '../codec/response-head.ts';

/** How an answer goes out. */
export interface AnswerPlan {
  readonly head: string;
  /** False: the answer has none, whatever it brought. */
  readonly sendsBody: boolean;
  readonly chunked: boolean;
  readonly keepAlive: boolean;
}

/** Throws ERR_HTTP_HEADER. `mayKeepAlive` is what else than request and answer has to say about it. */
export function planAnswer(request: RequestHead, response: HttpResponse, mayKeepAlive: boolean): AnswerPlan {
  const { status, body, headers } = response;
  if (!Number.isInteger(status) || status < 200 || status > 599) throw statusError(status);
  const sendsBody = body.stream !== undefined && !hasNoBody(request.method, status);
  // RFC 9112 §7.1.2: only chunks can be followed by fields.
  const knownLength = body.length !== undefined && !headers.has('trailer');
  const chunked = sendsBody && !knownLength && request.version === '1.1';
  const endsWithConnection = sendsBody && !knownLength && request.version === '1.0';
  const keepAlive = mayKeepAlive && request.keepAlive && !endsWithConnection;
  let framing = sendsBody ? '' : emptyBodyLine(request.method, status, body);
  if (sendsBody && knownLength) framing = `content-length: ${body.length}\r\n`;
  else if (chunked) framing = 'transfer-encoding: chunked\r\n';
  if (!keepAlive) framing += 'connection: close\r\n';
  else if (request.version === '1.0') framing += 'connection: keep-alive\r\n';
  return { head: encodeResponseHead(status, headers, framing), sendsBody, chunked, keepAlive };
}

/** RFC 9110 §8.6: what Content-Length says where no body follows. */
function emptyBodyLine(method: string, status: number, body: HttpBody): string {
  if (status === 204) return '';
  if (status === 304) return body.length ? `content-length: ${body.length}\r\n` : '';
  if (method === 'HEAD') return body.length === undefined ? '' : `content-length: ${body.length}\r\n`;
  return 'content-length: 0\r\n';
}

function statusError(status: number): HttpError {
  return new HttpError({
    code: 'ERR_HTTP_HEADER',
    blame: 'local',
    message: `expected a final status from 200 to 599, got ${status}`,
  });
}
