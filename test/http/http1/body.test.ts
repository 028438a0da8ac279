import { test } from 'tap';
import { BodyReader } from '../../../src/http/http1/codec/body-reader.ts';
import { encodeChunk, encodeLastChunk } from '../../../src/http/http1/codec/encode-chunk.ts';
import type { Framing } from '../../../src/http/http1/codec/framing.ts';
import { InputBuffer } from '../../../src/http/http1/codec/input-buffer.ts';
import { HeaderList, HttpError, resolveHttpConfig } from '../../../src/http/index.ts';
import { requestFault } from '../../../src/http/message/fault.ts';

const config = resolveHttpConfig({ maxChunkLineBytes: 64, maxTrailerBytes: 256 });

interface Outcome {
  readonly body: string;
  readonly done: boolean;
  readonly rest: string;
  readonly trailers: readonly (readonly [string, string])[];
}

/** What a body comes to; 'refused' when it is malformed. */
function read(framing: Framing, text: string, cuts: readonly number[] = []): Outcome | 'refused' {
  const reader = new BodyReader(framing, config, requestFault);
  const input = new InputBuffer();
  const bytes = Buffer.from(text, 'latin1');
  let body = '';
  let from = 0;
  try {
    for (const cut of [...cuts, bytes.length]) {
      input.push(bytes.subarray(from, cut));
      from = cut;
      for (let piece = reader.next(input); piece !== undefined; piece = reader.next(input))
        body += piece.toString('latin1');
    }
  } catch (error) {
    if (error instanceof HttpError) return 'refused';
    throw error;
  }
  const rest = input.takeAll().toString('latin1');
  return { body, done: reader.done, rest, trailers: [...(reader.trailers ?? [])] };
}

const CHUNKED: Framing = { kind: 'chunked' };
const done = (body: string, rest = '', trailers: [string, string][] = []): Outcome => ({
  body,
  done: true,
  rest,
  trailers,
});

const GOOD: Readonly<Record<string, [text: string, outcome: Outcome]>> = {
  nothing: ['0\r\n\r\n', done('')],
  'two chunks': ['5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n', done('hello!')],
  'sizes in either case, with zeros before': [
    '0000a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n',
    done('01234567890123456789'),
  ],
  'what is behind is left': ['1\r\nx\r\n0\r\n\r\nGET /', done('x', 'GET /')],
  'extensions are thrown away': ['1;a=b;c="d e"\r\nx\r\n0;last\r\n\r\n', done('x')],
  trailers: [
    '0\r\nX-Sum: 1\r\nx-b:2\r\n\r\n',
    done('', '', [
      ['X-Sum', '1'],
      ['x-b', '2'],
    ]),
  ],
  'trailers that must not be are dropped': [
    '0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: b\r\nAuthorization: x\r\nSet-Cookie: a\r\nTrailer: y\r\nConnection: x\r\nX-Forwarded-For: x\r\nX-Ok: z\r\n\r\nrest',
    done('', 'rest', [['X-Ok', 'z']]),
  ],
  'data that looks like framing': ['7\r\n0\r\n\r\nab\r\n0\r\n\r\n', done('0\r\n\r\nab')],
};

const BAD: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      '',
      '-1',
      '+1',
      '0x1',
      '1 ',
      ' 1',
      '1\t',
      'g',
      '1g',
      '1_0',
      '1.0',
      '"1"',
      '1,1',
      '1000000000000',
      'ffffffffffffffff',
      '10000000000000001',
      '1 ;a',
      '\x001',
    ].map((size) => [`size ${JSON.stringify(size)}`, `${size}\r\nx\r\n0\r\n\r\n`]),
  ),
  'a bare LF behind the size': '1\nx\r\n0\r\n\r\n',
  'a bare CR behind the size': '1\rx\r\n0\r\n\r\n',
  'a bare LF in an extension': '1;a\nb\r\nx\r\n0\r\n\r\n',
  'a bare CR in an extension': '1;a\rb\r\nx\r\n0\r\n\r\n',
  'a NUL in an extension': '1;a\0b\r\nx\r\n0\r\n\r\n',
  'an extension without a name': '1;\r\nx\r\n0\r\n\r\n',
  'an extension with a space': '1; a=b\r\nx\r\n0\r\n\r\n',
  'an extension with an open quote': '1;a="b\r\nx\r\n0\r\n\r\n',
  'an extension beyond the limit': `1;${'a'.repeat(64)}\r\nx\r\n0\r\n\r\n`,
  'a size line without end': '1;'.padEnd(80, 'a'),
  'no CRLF behind data': '1\r\nxy\r\n0\r\n\r\n',
  'a bare LF behind data': '1\r\nx\n0\r\n\r\n',
  'a bare CR behind data': '1\r\nx\r0\r\n\r\n',
  'CRLF that is late': '1\r\nx \r\n0\r\n\r\n',
  'trailers with a bare LF': '0\r\nx: y\n\r\n\r\n',
  'folded trailers': '0\r\nx: y\r\n z\r\n\r\n',
  'trailers with a space before the colon': '0\r\nx : y\r\n\r\n',
  'trailers without a colon': '0\r\nGET / HTTP/1.1\r\n\r\n',
  'trailers too large': `0\r\nx: ${'y'.repeat(256)}\r\n\r\n`,
};

test('chunked bodies are taken apart', async (t) => {
  for (const [what, [text, outcome]] of Object.entries(GOOD)) t.same(read(CHUNKED, text), outcome, what);
});

test('malformed chunks are refused', async (t) => {
  for (const [what, text] of Object.entries(BAD)) t.equal(read(CHUNKED, text), 'refused', what);
});

test('wherever a chunked body is cut, it comes to the same', async (t) => {
  const rows = [
    ...Object.entries(GOOD).map(([what, [text]]) => [what, text] as const),
    ...Object.entries(BAD),
  ];
  for (const [what, text] of rows) {
    const whole = read(CHUNKED, text);
    for (let cut = 0; cut <= text.length; cut++)
      if (JSON.stringify(read(CHUNKED, text, [cut])) !== JSON.stringify(whole))
        t.fail(`${what}, cut at ${cut}`);
    const bytes = Array.from({ length: text.length }, (_, index) => index);
    t.same(read(CHUNKED, text, bytes), whole, `${what}, byte by byte`);
  }
});

test('a chunked body without its end is not done', async (t) => {
  for (const [what, [text, outcome]] of Object.entries(GOOD)) {
    const length = text.length - outcome.rest.length;
    for (let end = 0; end < length; end++) {
      const got = read(CHUNKED, text.slice(0, end));
      if (got === 'refused' || got.done) t.fail(`${what}, ${end} bytes of it`);
    }
  }
});

test('more extensions than data are refused', async (t) => {
  const attack = `1;${'a'.repeat(60)}\r\nx\r\n`.repeat(300);
  t.equal(read(CHUNKED, attack), 'refused');
  const honest = `40;signature=${'a'.repeat(48)}\r\n${'x'.repeat(64)}\r\n`.repeat(1_000);
  t.equal((read(CHUNKED, `${honest}0\r\n\r\n`) as Outcome).done, true);
});

test('a body of a length ends there', async (t) => {
  t.same(read({ kind: 'length', bytes: 5 }, 'helloGET', [1, 2]), done('hello', 'GET'));
  t.match(read({ kind: 'length', bytes: 5 }, 'hell'), { body: 'hell', done: false });
  t.same(read({ kind: 'none' }, 'GET'), done('', 'GET'));
  t.match(read({ kind: 'close' }, 'anything'), { body: 'anything', done: false, rest: '' });
});

test('chunks that we write are read as they were', async (t) => {
  const pieces = [Buffer.from('a'), Buffer.alloc(10_000, 'b'), Buffer.from('0\r\n\r\n')];
  const trailers = new HeaderList([
    ['x-sum', '1'],
    ['content-length', '5'],
  ]);
  const text = Buffer.concat([...pieces.flatMap(encodeChunk), encodeLastChunk(trailers)]).toString('latin1');
  t.same(read(CHUNKED, text), done(Buffer.concat(pieces).toString(), '', [['x-sum', '1']]));
  t.equal(String(encodeLastChunk(undefined)), '0\r\n\r\n');
});
