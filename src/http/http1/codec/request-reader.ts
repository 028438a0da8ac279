import type { HttpConfig } from '../../config.ts';
import { requestFault, shown } from '../../message/fault.ts';
import type { InputBuffer } from './input-buffer.ts';
import { parseRequestHead, parseRequestLine, type RequestHead } from './request-head.ts';

/** Finds the heads of requests in what comes in. */
export class RequestReader {
  readonly #config: HttpConfig;
  #blankLines = 0;
  #lineIsGood = false;

  constructor(config: HttpConfig) {
    this.#config = config;
  }

  /** The next head, once it is whole. Throws as soon as it can only be refused, whole or not. */
  next(input: InputBuffer): RequestHead | undefined {
    // RFC 9112 §2.2: old clients send one CRLF too many behind a body.
    while (this.#blankLines < MAX_BLANK_LINES && input.peek() === CR && input.peek(1) === LF) {
      this.#blankLines += 1;
      input.skip(2);
    }
    if (input.length === 0 || (input.length === 1 && input.peek() === CR)) return undefined;
    const text = input.takeHead(this.#config.maxHeadBytes, false, requestFault);
    if (text === undefined) {
      this.#refuseEarly(input);
      return undefined;
    }
    this.#blankLines = 0;
    this.#lineIsGood = false;
    return parseRequestHead(text, this.#config);
  }

  /** Whoever speaks another protocol is told at once, not when time is up. */
  #refuseEarly(input: InputBuffer): void {
    if (this.#lineIsGood) return;
    const { text, whole } = input.peekLine();
    if (whole) {
      parseRequestLine(text, this.#config);
      this.#lineIsGood = true;
      return;
    }
    if (!/^[!-~]+(?: [!-~]*)?(?: [!-~]*\r?)?$/.test(text))
      throw requestFault(`expected a request line, got ${shown(text)}`);
    if (text.length > this.#config.maxTargetBytes + MAX_METHOD_AND_VERSION_BYTES)
      throw requestFault('a request line without end', 'ERR_HTTP_TARGET_TOO_LONG', 414);
  }
}

const CR = 0x0d;
const LF = 0x0a;
const MAX_BLANK_LINES = 1;
const MAX_METHOD_AND_VERSION_BYTES = 128;
