import { STATUS_CODES } from 'node:http';
import { HttpError } from '../../errors.ts';
import { CONNECTION_FIELDS } from '../../message/field-kinds.ts';
import { isFieldValue, isToken } from '../../message/field-syntax.ts';
import type { HeaderList } from '../../message/header-list.ts';

/** What of a request goes into its first lines. */
export interface RequestLineParts {
  readonly method: string;
  readonly authority: string;
  readonly target: string;
}

/**
 * A request's head as text, one character a byte, the empty line included. `framing` are whole lines with their CRLF.
 * The caller has checked `parts` (`checkOutgoing`). Throws ERR_HTTP_HEADER for fields that would not be read as they are meant.
 */
export function encodeRequestHead(parts: RequestLineParts, headers: HeaderList, framing: string): string {
  const { method, authority, target } = parts;
  return `${method} ${target} HTTP/1.1\r\nHost: ${authority}\r\n${encodeFields(headers)}${framing}\r\n`;
}

/** An answer's head, final or interim, likewise. */
export function encodeResponseHead(status: number, headers: HeaderList, framing: string): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${encodeFields(headers)}${framing}\r\n`;
}

/** Field lines, each with its CRLF; of those that are about one connection only `te: trailers` is left. */
export function encodeFields(headers: HeaderList): string {
  let text = '';
  for (let index = 0; index < headers.size; index++) {
    const lower = headers.lowerNameAt(index);
    const value = headers.valueAt(index);
    if (CONNECTION_FIELDS.has(lower) && !(lower === 'te' && value === 'trailers')) continue;
    const name = headers.nameAt(index);
    if (!isToken(name)) throw headerError('a header name', name);
    if (!isFieldValue(value)) throw headerError(`the value of header ${name}`, value);
    text += `${name}: ${value}\r\n`;
  }
  return text;
}

function headerError(what: string, text: string): HttpError {
  return new HttpError({
    code: 'ERR_HTTP_HEADER',
    blame: 'local',
    message: `HTTP does not allow ${what} ${JSON.stringify(text.slice(0, 60))}`,
  });
}
