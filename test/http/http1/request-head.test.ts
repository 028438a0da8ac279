import { test } from 'tap';
import { InputBuffer } from '../../../src/http/http1/codec/input-buffer.ts';
import type { RequestHead } from '../../../src/http/http1/codec/request-head.ts';
import { RequestReader } from '../../../src/http/http1/codec/request-reader.ts';
import { HttpError, resolveHttpConfig } from '../../../src/http/index.ts';

const config = resolveHttpConfig({ maxHeadBytes: 2048, maxTargetBytes: 256, maxHeaderCount: 20 });

/** The head that comes of these bytes, or the status that they are refused with; undefined while more is needed. */
function read(text: string, cuts: readonly number[] = []): RequestHead | number | undefined {
  const reader = new RequestReader(config);
  const input = new InputBuffer();
  const bytes = Buffer.from(text, 'latin1');
  let from = 0;
  try {
    for (const cut of [...cuts, bytes.length]) {
      input.push(bytes.subarray(from, cut));
      from = cut;
      const head = reader.next(input);
      if (head !== undefined) return head;
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return error.status;
  }
}

const GOOD: Readonly<
  Record<string, [text: string, expected: Record<string, unknown>, headers?: [string, string][]]>
> = {
  'the least there is': ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', { method: 'GET', target: '/', authority: 'a' }],
  'names as they came, values without the spaces around them': [
    'GET /a?b=%20c HTTP/1.1\r\nHost: a:80\r\nX-One:\t 1 \t\r\nx-TWO:2\r\nX-Empty:\r\n\r\n',
    { authority: 'a:80', target: '/a?b=%20c' },
    [
      ['X-One', '1'],
      ['x-TWO', '2'],
      ['X-Empty', ''],
    ],
  ],
  'bytes beyond ASCII in a value': [
    'GET / HTTP/1.1\r\nHost: a\r\nx: \xe4\xff\r\n\r\n',
    {},
    [['x', '\xe4\xff']],
  ],
  'a length': [
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n',
    { framing: { kind: 'length', bytes: 12 } },
  ],
  'a length of nothing': [
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
    { framing: { kind: 'none' } },
  ],
  chunks: [
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n',
    { framing: { kind: 'chunked' } },
  ],
  'HTTP/1.0 without Host': ['GET / HTTP/1.0\r\n\r\n', { version: '1.0', authority: '', keepAlive: false }],
  'HTTP/1.0 that wants to stay': [
    'GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n',
    { keepAlive: true },
    [],
  ],
  'HTTP/1.1 that wants to go': [
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    { keepAlive: false },
  ],
  'an empty line before': ['\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', { method: 'GET' }],
  'absolute form': [
    'GET http://A.example:80/x?y HTTP/1.1\r\nHost: a.EXAMPLE:80\r\n\r\n',
    { authority: 'A.example:80', target: '/x?y', scheme: 'http' },
  ],
  'absolute form without a path': ['GET http://a?b HTTP/1.1\r\nHost: a\r\n\r\n', { target: '/?b' }],
  'absolute form of OPTIONS *': ['OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n', { target: '*' }],
  'asterisk form': ['OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', { target: '*' }],
  'an IPv6 Host': ['GET / HTTP/1.1\r\nHost: [fd00::1]:80\r\n\r\n', { authority: '[fd00::1]:80' }],
  'what Connection names is taken off': [
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: x-hop, Keep-Alive\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nX-End: 2\r\nProxy-Connection: x\r\n\r\n',
    {},
    [['X-End', '2']],
  ],
  'TE says trailers or nothing': [
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: gzip, Trailers\r\n\r\n',
    {},
    [['te', 'trailers']],
  ],
  'TE of another kind': ['GET / HTTP/1.1\r\nHost: a\r\nTE: gzip\r\n\r\n', {}, []],
  'an upgrade': [
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n',
    { upgrade: 'websocket' },
    [],
  ],
  'an upgrade behind a space that is none': [
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: \xa0upgrade, x\r\nUpgrade: websocket\r\n\r\n',
    { upgrade: undefined },
  ],
  'an upgrade that Connection does not know of': [
    'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n',
    { upgrade: undefined },
  ],
  'an upgrade to HTTP/2, which would carry requests past us': [
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n',
    { upgrade: undefined },
    [],
  ],
  'two upgrades': [
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n',
    { upgrade: undefined },
  ],
  'an expectation': [
    'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n\r\n',
    { expectContinue: true },
    [],
  ],
  'an expectation without a body': [
    'GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n',
    { expectContinue: false },
  ],
  'any token for a method': [
    "M-SEARCH!#$%&'*+.^_`|~ / HTTP/1.1\r\nHost: a\r\n\r\n",
    { method: "M-SEARCH!#$%&'*+.^_`|~" },
  ],
};

const REFUSED: Readonly<Record<string, [text: string, status: number]>> = {
  'Content-Length and Transfer-Encoding': [
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n',
    400,
  ],
  'two lengths': ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n', 400],
  'two equal lengths': ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n', 400],
  'two equal lengths in one line': ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4, 4\r\n\r\n', 400],
  ...Object.fromEntries(
    ['', '+4', '-4', '4x', '0x4', '4 4', '4.0', '1e3', '٤', '9999999999999999', '18446744073709551617'].map(
      (value) => [
        `length ${JSON.stringify(value)}`,
        [`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${value}\r\n\r\n`, 400] as [string, number],
      ],
    ),
  ),
  ...Object.fromEntries(
    [
      '',
      'gzip',
      'gzip, chunked',
      'chunked, gzip',
      'chunked, chunked',
      'chunked;q=1',
      'xchunked',
      '"chunked"',
      'identity',
    ].map((value) => [
      `coding ${JSON.stringify(value)}`,
      [`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ${value}\r\n\r\n`, 400] as [string, number],
    ]),
  ),
  'two codings': [
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n',
    400,
  ],
  'a tab behind a coding': ['POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\t\r\n\r\n', 400],
  'a tab before a length': ['POST / HTTP/1.1\r\nHost: a\r\ncontent-length:\t3\r\n\r\n', 400],
  'a coding behind a vertical tab': [
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n',
    400,
  ],
  'chunks in HTTP/1.0': ['POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
  'a bare LF behind the request line': ['GET / HTTP/1.1\nHost: a\r\n\r\n', 400],
  'bare LFs throughout': ['GET / HTTP/1.1\nHost: a\n\n', 400],
  'a bare LF at the end of a header': ['GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n', 400],
  'a bare LF for the empty line': ['GET / HTTP/1.1\r\nHost: a\r\n\n', 400],
  'a bare LF for the first empty line': ['\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a bare CR in a value': ['GET / HTTP/1.1\r\nHost: a\r\nx: y\rz\r\n\r\n', 400],
  'a bare CR in the request line': ['GET /\r HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'two CRs before LF': ['GET / HTTP/1.1\r\r\nHost: a\r\n\r\n', 400],
  'a folded line': ['GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n', 400],
  'a line folded with a tab': ['GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz: a\r\n\r\n', 400],
  'a space before the first header': ['GET / HTTP/1.1\r\n Host: a\r\n\r\n', 400],
  'a space before the colon': ['GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n', 400],
  'a tab before the colon': ['GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\t: chunked\r\n\r\n', 400],
  'no colon': ['GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n', 400],
  'no name': ['GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n', 400],
  ...Object.fromEntries(
    ['\0', '\x01', '\x08', '\x0b', '\x0c', '\x1f', '\x7f'].flatMap((character) => [
      [
        `character ${JSON.stringify(character)} in a value`,
        [`GET / HTTP/1.1\r\nHost: a\r\nx: y${character}z\r\n\r\n`, 400] as [string, number],
      ],
      [
        `character ${JSON.stringify(character)} in a name`,
        [`GET / HTTP/1.1\r\nHost: a\r\nx${character}: y\r\n\r\n`, 400] as [string, number],
      ],
      [
        `character ${JSON.stringify(character)} in the target`,
        [`GET /${character} HTTP/1.1\r\nHost: a\r\n\r\n`, 400] as [string, number],
      ],
    ]),
  ),
  'a name beyond ASCII': ['GET / HTTP/1.1\r\nHost: a\r\n\xe4: y\r\n\r\n', 400],
  'a name in parentheses': ['GET / HTTP/1.1\r\nHost: a\r\n(x): y\r\n\r\n', 400],
  'no Host': ['GET / HTTP/1.1\r\n\r\n', 400],
  'an empty Host': ['GET / HTTP/1.1\r\nHost:\r\n\r\n', 400],
  'an empty Host in HTTP/1.0': ['GET / HTTP/1.0\r\nHost:\r\n\r\n', 400],
  'two Hosts': ['GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
  'two equal Hosts': ['GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n', 400],
  ...Object.fromEntries(
    [
      'a b',
      'a,b',
      'a/b',
      'a@b',
      'u:p@a',
      'a:',
      'a:x',
      'a:0',
      'a:65536',
      'a:80:80',
      '[::1',
      '::1',
      'a#',
      'a?b',
      'a\\b',
      '%61',
      'a;b',
      '\xe4',
    ].map((host) => [
      `Host ${JSON.stringify(host)}`,
      [`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 400] as [string, number],
    ]),
  ),
  'an absolute target unlike Host': ['GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'an absolute target unlike Host in its port': ['GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'an absolute target without Host': ['GET http://a/ HTTP/1.1\r\n\r\n', 400],
  'an absolute target with userinfo': ['GET http://a@b/ HTTP/1.1\r\nHost: b\r\n\r\n', 400],
  'an absolute target of another scheme': ['GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'an absolute target without an authority': ['GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a fragment': ['GET /#x HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a fragment in absolute form': ['GET http://a/#x HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a fragment for an authority': ['GET http://a#b HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a target without a slash': ['GET x HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'an asterisk with GET': ['GET * HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a space in the target': ['GET /a b HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a target beyond ASCII': ['GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'two spaces': ['GET  / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a tab for a space': ['GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a space behind the version': ['GET / HTTP/1.1 \r\nHost: a\r\n\r\n', 400],
  'a space before the method': [' GET / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'no version': ['GET /\r\n\r\n', 400],
  'a version in lower case': ['GET / http/1.1\r\nHost: a\r\n\r\n', 400],
  'a version of two digits': ['GET / HTTP/1.10\r\nHost: a\r\n\r\n', 400],
  'HTTP/2 without prior knowledge': ['GET / HTTP/2.0\r\nHost: a\r\n\r\n', 505],
  'HTTP/0.9': ['GET / HTTP/0.9\r\n\r\n', 505],
  'HTTP/1.2': ['GET / HTTP/1.2\r\nHost: a\r\n\r\n', 505],
  "HTTP/2's preface": ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
  'a method that is no token': ['GE(T) / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  CONNECT: ['CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', 501],
  'another expectation': ['PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: tea\r\n\r\n', 417],
  'a head too large': [`GET / HTTP/1.1\r\nHost: a\r\nx: ${'y'.repeat(2048)}\r\n\r\n`, 431],
  'a head too large that does not end': [`GET / HTTP/1.1\r\nHost: a\r\nx: ${'y'.repeat(2048)}`, 431],
  'too many headers': [`GET / HTTP/1.1\r\nHost: a\r\n${'x: y\r\n'.repeat(20)}\r\n`, 431],
  'a target too long': [`GET /${'y'.repeat(256)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
  'a target too long that does not end': [`GET /${'y'.repeat(500)}`, 414],
  'a ClientHello': ['\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', 400],
  'another protocol': ['SSH-2.0-OpenSSH_9.2\r\n', 400],
  'another protocol with LF': ['EHLO example\n', 400],
};

test('heads of requests are understood', async (t) => {
  for (const [what, [text, expected, headers]] of Object.entries(GOOD)) {
    const head = read(text);
    t.match(head, expected, what);
    if (headers !== undefined && typeof head === 'object') t.same([...head.headers], headers, what);
  }
});

test('what breaks the rules, or could be read in two ways, is refused', async (t) => {
  for (const [what, [text, status]] of Object.entries(REFUSED)) t.equal(read(text), status, what);
});

test('wherever a head is cut in two, it comes to the same', async (t) => {
  for (const [what, [text]] of [...Object.entries(GOOD), ...Object.entries(REFUSED)]) {
    const whole = read(text);
    for (let cut = 0; cut <= text.length; cut++)
      if (JSON.stringify(read(text, [cut])) !== JSON.stringify(whole)) t.fail(`${what}, cut at ${cut}`);
    const bytes = Array.from({ length: text.length }, (_, index) => index);
    t.same(JSON.stringify(read(text, bytes)), JSON.stringify(whole), `${what}, byte by byte`);
  }
});

test('a head without its end is not a head', async (t) => {
  for (const [what, [text]] of Object.entries(GOOD))
    for (let length = 0; length < text.length; length++)
      if (read(text.slice(0, length)) !== undefined) t.fail(`${what}, ${length} bytes of it`);
});

test('bytes behind a head are left where they are', async (t) => {
  const input = new InputBuffer();
  input.push(Buffer.from('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nrest'));
  const reader = new RequestReader(config);
  t.equal(reader.next(input)?.target, '/1');
  t.equal(reader.next(input)?.target, '/2');
  t.equal(String(input.takeAll()), 'rest');
});
