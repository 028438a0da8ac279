import { parseContentLength } from '../../message/body-rules.ts';
import type { HttpVersion } from '../../message/http-message.ts';
import { type Fault, shown } from '../../message/fault.ts';
import type { HeadFields } from './head-fields.ts';

/** How a message's body ends (RFC 9112 §6). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  /** With the connection; answers only. */
  | { readonly kind: 'close' };

/**
 * What the fields say about the body; undefined when nothing. Whatever two readers could understand in two ways is an
 * error (RFC 9112 §6.3, and stricter): both fields, either of them twice, any coding but `chunked`, chunks in HTTP/1.0.
 */
export function announcedFraming(
  fields: HeadFields,
  version: HttpVersion,
  fault: Fault,
): Framing | undefined {
  const { contentLength, transferEncoding } = fields;
  const [coding] = transferEncoding;
  if (coding !== undefined) {
    if (contentLength.length > 0) throw fault('Content-Length and Transfer-Encoding in one message');
    if (version === '1.0') throw fault('Transfer-Encoding in HTTP/1.0');
    if (transferEncoding.length > 1 || coding.toLowerCase() !== 'chunked')
      throw fault(`expected Transfer-Encoding chunked, got ${shown(transferEncoding.join(', '))}`);
    return CHUNKED;
  }
  const bytes = parseContentLength(contentLength, fault);
  if (bytes === undefined) return undefined;
  return bytes === 0 ? NO_FRAMING : { kind: 'length', bytes };
}

export const NO_FRAMING: Framing = { kind: 'none' };
const CHUNKED: Framing = { kind: 'chunked' };
