import type { HttpConfig } from '../../config.ts';
import { announcedLength, checkFinalStatus, parseContentLength } from '../../message/body-rules.ts';
import { responseFault } from '../../message/fault.ts';
import type { HeaderList } from '../../message/header-list.ts';
import type { HttpResponse } from '../../message/http-message.ts';
import type { HeaderField } from '../hpack/index.ts';
import { readFields } from './read-fields.ts';
import { addFields } from './write-fields.ts';

/** The head of an answer, final or interim, understood. */
export interface ReadResponse {
  readonly status: number;
  readonly headers: HeaderList;
  readonly contentLength: number | undefined;
}

/** Throws ERR_HTTP_BAD_RESPONSE. */
export function readResponse(fields: readonly HeaderField[], config: HttpConfig): ReadResponse {
  const { pseudo, headers, contentLength } = readFields(fields);
  const status = Number(pseudo.get(':status'));
  // RFC 9113 §8.6: HTTP/2 has no 101.
  if (status === 101) throw responseFault('status 101 in HTTP/2');
  if (headers.size > config.maxHeaderCount)
    throw responseFault(`more than ${config.maxHeaderCount} header fields`);
  return { status, headers, contentLength: parseContentLength(contentLength, responseFault) };
}

/** An answer's fields as they go out. Throws ERR_HTTP_HEADER. */
export function responseFields(response: HttpResponse, method: string): HeaderField[] {
  const { status, headers, body } = response;
  checkFinalStatus(status);
  const fields: HeaderField[] = [[':status', `${status}`]];
  addFields(fields, headers);
  const length = announcedLength(method, status, body);
  if (length !== undefined) fields.push(['content-length', `${length}`]);
  return fields;
}

/** An interim answer's fields. */
export function informationalFields(status: number, headers: HeaderList): HeaderField[] {
  const fields: HeaderField[] = [[':status', `${status}`]];
  addFields(fields, headers);
  return fields;
}
