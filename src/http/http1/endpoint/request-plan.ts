import type { HttpRequest } from '../../message/http-message.ts';
import { checkOutgoing } from '../../message/outgoing-request.ts';
import { encodeRequestHead } from '../codec/encode-head.ts';

/** How a request goes out. */
export interface RequestPlan {
  readonly head: string;
  readonly chunked: boolean;
  /** The protocol that is asked for; none by a request with a body, which would run on behind the answer. */
  readonly upgrade: string | undefined;
}

/** Throws ERR_HTTP_HEADER. */
export function planRequest(request: HttpRequest): RequestPlan {
  const { method, headers, body } = request;
  checkOutgoing(request);
  const hasBody = body.stream !== undefined;
  const upgrade = hasBody ? undefined : request.upgrade;
  // RFC 9112 §7.1.2: only chunks can be followed by fields.
  const chunked = hasBody && (body.length === undefined || headers.has('trailer'));
  let framing = '';
  if (chunked) framing = 'transfer-encoding: chunked\r\n';
  else if (hasBody) framing = `content-length: ${body.length}\r\n`;
  else if (METHODS_WITH_CONTENT.has(method)) framing = 'content-length: 0\r\n';
  const options: string[] = [];
  if (headers.get('te') === 'trailers') options.push('te');
  if (upgrade !== undefined) {
    options.push('upgrade');
    framing += `upgrade: ${upgrade}\r\n`;
  }
  if (options.length > 0) framing += `connection: ${options.join(', ')}\r\n`;
  if (hasBody && request.expectContinue) framing += 'expect: 100-continue\r\n';
  return { head: encodeRequestHead(request, headers, framing), chunked, upgrade };
}

/** RFC 9110 §8.6: these say so when they have none. */
const METHODS_WITH_CONTENT: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);
