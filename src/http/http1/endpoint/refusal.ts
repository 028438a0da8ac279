import type { HttpError } from '../../errors.ts';
import { HeaderList } from '../../message/header-list.ts';
import { encodeResponseHead } from '../codec/encode-head.ts';

/** The answer to a request that never became an exchange; it ends the connection. One character a byte. */
export function refusal(error: HttpError): string {
  const text = `${error.message.replace(/[^ -~]/g, '?')}\n`;
  const headers = new HeaderList([['content-type', 'text/plain']]);
  const framing = `content-length: ${text.length}\r\nconnection: close\r\n`;
  return encodeResponseHead(error.status ?? 400, headers, framing) + text;
}
