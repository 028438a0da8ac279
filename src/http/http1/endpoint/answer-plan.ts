import { announcedLength, checkFinalStatus, hasNoBody } from '../../message/body-rules.ts';
import type { HttpResponse } from '../../message/http-message.ts';
import { encodeResponseHead } from '../codec/encode-head.ts';
import type { RequestHead } from '../codec/request-head.ts';

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
  checkFinalStatus(status);
  const sendsBody = body.stream !== undefined && !hasNoBody(request.method, status);
  // RFC 9112 §7.1.2: only chunks can be followed by fields.
  const knownLength = body.length !== undefined && (request.version === '1.0' || !headers.has('trailer'));
  const chunked = sendsBody && !knownLength && request.version === '1.1';
  const endsWithConnection = sendsBody && !knownLength && request.version === '1.0';
  const keepAlive = mayKeepAlive && request.keepAlive && !endsWithConnection;
  let framing = '';
  if (chunked) framing = 'transfer-encoding: chunked\r\n';
  else if (!endsWithConnection) framing = lengthLine(announcedLength(request.method, status, body));
  if (!keepAlive) framing += 'connection: close\r\n';
  else if (request.version === '1.0') framing += 'connection: keep-alive\r\n';
  return { head: encodeResponseHead(status, headers, framing), sendsBody, chunked, keepAlive };
}

function lengthLine(bytes: number | undefined): string {
  return bytes === undefined ? '' : `content-length: ${bytes}\r\n`;
}
