import type { HttpConfig } from '../../config.ts';
import { parseContentLength } from '../../message/body-rules.ts';
import { requestFault, shown } from '../../message/fault.ts';
import { isAuthority, isTarget, isToken } from '../../message/field-syntax.ts';
import type { HeaderList } from '../../message/header-list.ts';
import type { HttpRequest } from '../../message/http-message.ts';
import { checkOutgoing } from '../../message/outgoing-request.ts';
import type { HeaderField } from '../hpack/index.ts';
import { readFields } from './read-fields.ts';
import { addFields } from './write-fields.ts';

/** A request's head, understood. */
export interface ReadRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  readonly target: string;
  readonly headers: HeaderList;
  readonly contentLength: number | undefined;
  readonly expectContinue: boolean;
}

/** Throws what the client is to be answered with. */
export function readRequest(fields: readonly HeaderField[], config: HttpConfig): ReadRequest {
  const { pseudo, headers, host, contentLength, expect } = readFields(fields);
  const method = pseudo.get(':method') ?? '';
  if (method === 'CONNECT') throw requestFault('CONNECT is not carried', 'ERR_HTTP_METHOD', 501);
  if (!isToken(method)) throw requestFault(`method ${shown(method)}`);
  if (headers.size > config.maxHeaderCount)
    throw requestFault(`more than ${config.maxHeaderCount} header fields`, 'ERR_HTTP_HEAD_TOO_LARGE', 431);
  const scheme = pseudo.get(':scheme');
  if (scheme !== 'http' && scheme !== 'https') throw requestFault(`:scheme ${shown(scheme ?? '')}`);
  const target = pseudo.get(':path') ?? '';
  if (target.length > config.maxTargetBytes)
    throw requestFault(
      `a target of ${target.length} bytes, ${config.maxTargetBytes} allowed`,
      'ERR_HTTP_TARGET_TOO_LONG',
      414,
    );
  if (!isTarget(target) || (target === '*' && method !== 'OPTIONS'))
    throw requestFault(`:path ${shown(target)} with method ${method}`);
  const expectation = expect.join(', ').toLowerCase();
  if (expectation !== '' && expectation !== '100-continue')
    throw requestFault(`expect ${shown(expectation)}`, 'ERR_HTTP_EXPECTATION', 417);
  return {
    method,
    scheme,
    authority: authorityOf(pseudo.get(':authority'), host),
    target,
    headers,
    contentLength: parseContentLength(contentLength, requestFault),
    expectContinue: expectation !== '',
  };
}

/** RFC 9113 §8.3.1: :authority, in its absence Host, and never two that differ. */
function authorityOf(authority: string | undefined, hosts: readonly string[]): string {
  const [host] = hosts;
  if (hosts.length > 1) throw requestFault(`expected one host, got ${hosts.length}`);
  const named = authority ?? host ?? '';
  if (host !== undefined && host.toLowerCase() !== named.toLowerCase())
    throw requestFault(`:authority ${shown(authority ?? '')} is unlike host ${shown(host)}`);
  if (!isAuthority(named)) throw requestFault(`:authority ${shown(named)}`);
  return named;
}

/** A request's fields as they go out. Throws ERR_HTTP_HEADER. */
export function requestFields(request: HttpRequest): HeaderField[] {
  const { method, scheme, authority, target, headers, body } = request;
  checkOutgoing(request);
  const fields: HeaderField[] = [
    [':method', method],
    [':scheme', scheme],
    [':authority', authority],
    [':path', target],
  ];
  addFields(fields, headers);
  if (body.stream !== undefined) {
    if (body.length !== undefined) fields.push(['content-length', `${body.length}`]);
    if (request.expectContinue) fields.push(['expect', '100-continue']);
  }
  return fields;
}
