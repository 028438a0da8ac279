import { createRequire } from 'node:module';

/** One message as a reader understood it. */
export interface Reading {
  readonly start: string;
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
}

/** What Node's own HTTP stands on, and does not declare. */
interface NodeParser {
  initialize(type: number, owner: object): void;
  execute(bytes: Buffer): number | Error;
  finish(): number | Error | undefined;
  [callback: number]: (...args: never[]) => unknown;
}

interface NodeParserClass {
  new (): NodeParser;
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

const { HTTPParser } = createRequire(import.meta.url)('_http_common') as {
  readonly HTTPParser: NodeParserClass;
};

/**
 * What llhttp, strict as Node has it, makes of these bytes: the messages that it read whole, up to the first error. `hasBody`
 * false: these are answers to HEAD.
 */
export function readWithLlhttp(
  bytes: Buffer,
  options: { readonly kind: 'request' | 'response'; readonly hasBody: boolean },
): Reading[] {
  const readings: Reading[] = [];
  const parser = new HTTPParser();
  let flushed: string[] = [];
  let flushedUrl = '';
  let start = '';
  let fields: string[] = [];
  let chunks: Buffer[] = [];
  parser.initialize(options.kind === 'request' ? HTTPParser.REQUEST : HTTPParser.RESPONSE, {});
  parser[HTTPParser.kOnHeaders | 0] = (more: string[], url: string) => {
    // From the first trailers on, heads come this way too.
    flushed.push(...more);
    flushedUrl = url;
  };
  parser[HTTPParser.kOnHeadersComplete | 0] = (
    _major: number,
    minor: number,
    all: string[] | undefined,
    _method: number,
    url: string | undefined,
    status: number,
  ) => {
    fields = [...flushed, ...(all ?? [])];
    flushed = [];
    chunks = [];
    start = options.kind === 'request' ? `HTTP/1.${minor} ${url ?? flushedUrl}` : `${status}`;
    return options.hasBody ? 0 : 1;
  };
  parser[HTTPParser.kOnBody | 0] = (piece: Buffer) => {
    chunks.push(Buffer.from(piece));
  };
  parser[HTTPParser.kOnMessageComplete | 0] = () => {
    const body = Buffer.concat(chunks).toString('latin1');
    readings.push({ start, fields: pairs(fields), body, trailers: pairs(flushed) });
    flushed = [];
  };
  if (typeof parser.execute(bytes) === 'number') parser.finish();
  return readings;
}

function pairs(raw: readonly string[]): string[] {
  const lines: string[] = [];
  for (let index = 0; index < raw.length; index += 2) lines.push(`${raw[index]}: ${raw[index + 1]}`);
  return lines;
}
