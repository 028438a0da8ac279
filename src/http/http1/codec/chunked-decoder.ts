import type { HttpConfig } from '../../config.ts';
import { isForbiddenTrailer } from '../../message/field-kinds.ts';
import { HeaderList } from '../../message/header-list.ts';
import { type Fault, shown } from '../../message/fault.ts';
import { readFieldLines } from './head-fields.ts';
import type { InputBuffer } from './input-buffer.ts';

/**
 * Takes a chunked body apart (RFC 9112 §7.1):
 *
 *     size ── CRLF ──▶ data ── all of it ──▶ data-end ── CRLF ──▶ size
 *       └── size 0 ──▶ trailers ── empty line ──▶ done
 */
export class ChunkedDecoder {
  readonly #config: HttpConfig;
  readonly #fault: Fault;
  #state: 'size' | 'data' | 'data-end' | 'trailers' | 'done' = 'size';
  #leftBytes = 0;
  #dataBytes = 0;
  #extensionBytes = 0;
  #trailers: HeaderList | undefined;

  constructor(config: HttpConfig, fault: Fault) {
    this.#config = config;
    this.#fault = fault;
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  /** The fields behind the last chunk, without those that must not stand there. */
  get trailers(): HeaderList | undefined {
    return this.#trailers;
  }

  /** The next bytes of data; undefined when more input is needed, or when it is `done`. */
  next(input: InputBuffer): Buffer | undefined {
    for (;;) {
      switch (this.#state) {
        case 'size':
          if (!this.#readSize(input)) return undefined;
          break;
        case 'data': {
          const bytes = input.takeUpTo(this.#leftBytes);
          if (bytes === undefined) return undefined;
          this.#leftBytes -= bytes.length;
          if (this.#leftBytes === 0) this.#state = 'data-end';
          return bytes;
        }
        case 'data-end': {
          const line = input.takeLine(0, this.#fault);
          if (line === undefined) return undefined;
          this.#state = 'size';
          break;
        }
        case 'trailers':
          if (!this.#readTrailers(input)) return undefined;
          break;
        case 'done':
          return undefined;
      }
    }
  }

  #readSize(input: InputBuffer): boolean {
    const line = input.takeLine(this.#config.maxChunkLineBytes, this.#fault);
    if (line === undefined) return false;
    const semicolon = line.indexOf(';');
    const size = semicolon === -1 ? line : line.slice(0, semicolon);
    // Hexadecimal digits alone: no sign, no 0x, no space. 12 of them are 256 TiB, and exact in a double.
    if (!/^[0-9A-Fa-f]{1,12}$/.test(size)) throw this.#fault(`chunk size ${shown(size)}`);
    if (semicolon !== -1) this.#countExtension(line.slice(semicolon));
    this.#leftBytes = Number.parseInt(size, 16);
    this.#dataBytes += this.#leftBytes;
    this.#state = this.#leftBytes === 0 ? 'trailers' : 'data';
    return true;
  }

  /** Extensions mean nothing to us and end here; nobody may send much more of them than of data (CVE-2023-39326). */
  #countExtension(text: string): void {
    if (!EXTENSIONS.test(text)) throw this.#fault(`chunk extension ${shown(text)}`);
    this.#extensionBytes += text.length;
    if (this.#extensionBytes > FREE_EXTENSION_BYTES + this.#dataBytes)
      throw this.#fault(`${this.#extensionBytes} bytes of chunk extensions for ${this.#dataBytes} of data`);
  }

  #readTrailers(input: InputBuffer): boolean {
    const text = input.takeHead(this.#config.maxTrailerBytes, true, this.#fault);
    if (text === undefined) return false;
    this.#state = 'done';
    if (text === '') return true;
    const trailers = new HeaderList();
    const options = { maxCount: this.#config.maxHeaderCount, fault: this.#fault };
    readFieldLines(text, 0, options, (name, value) => {
      if (!isForbiddenTrailer(name.toLowerCase())) trailers.add(name, value);
    });
    if (trailers.size > 0) this.#trailers = trailers;
    return true;
  }
}

/** RFC 9112 §7.1.1, without the spaces that it has for old peers. */
const EXTENSIONS =
  /^(?:;[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)+$/;
const FREE_EXTENSION_BYTES = 16 * 1024;
