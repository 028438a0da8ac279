import type { HttpConfig } from '../../config.ts';
import { responseFault, shown } from '../../message/fault.ts';
import type { InputBuffer } from './input-buffer.ts';
import { parseResponseHead, type ResponseHead } from './response-head.ts';

/** The next head of an answer to a request with `method`, once it is whole. Throws as soon as it can only be refused. */
export function readResponseHead(
  input: InputBuffer,
  method: string,
  config: HttpConfig,
): ResponseHead | undefined {
  if (input.length === 0) return undefined;
  const text = input.takeHead(config.maxHeadBytes, false, responseFault);
  if (text !== undefined) return parseResponseHead(text, method, config);
  const { text: begun } = input.peekLine();
  if (!STATUS_LINE_START.startsWith(begun.slice(0, STATUS_LINE_START.length)))
    throw responseFault(`expected a status line, got ${shown(begun)}`);
  return undefined;
}

const STATUS_LINE_START = 'HTTP/1.';
