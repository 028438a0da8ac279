import { test } from 'tap';
import { InputBuffer } from '../../../src/http/http1/codec/input-buffer.ts';
import type { ResponseHead } from '../../../src/http/http1/codec/response-head.ts';
import { readResponseHead } from '../../../src/http/http1/codec/response-reader.ts';
import { HttpError, resolveHttpConfig } from '../../../src/http/index.ts';

const config = resolveHttpConfig({ maxHeadBytes: 1024, maxHeaderCount: 10 });

function read(
  text: string,
  method = 'GET',
  cuts: readonly number[] = [],
): ResponseHead | 'refused' | undefined {
  const input = new InputBuffer();
  const bytes = Buffer.from(text, 'latin1');
  let from = 0;
  try {
    for (const cut of [...cuts, bytes.length]) {
      input.push(bytes.subarray(from, cut));
      from = cut;
      const head = readResponseHead(input, method, config);
      if (head !== undefined) return head;
    }
    return undefined;
  } catch (error) {
    if (error instanceof HttpError && error.blame === 'upstream') return 'refused';
    throw error;
  }
}

const GOOD: Readonly<Record<string, [text: string, expected: Record<string, unknown>, method?: string]>> = {
  'a length': [
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    { status: 200, framing: { kind: 'length', bytes: 5 }, keepAlive: true },
  ],
  chunks: ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', { framing: { kind: 'chunked' } }],
  'until the end': ['HTTP/1.1 200 OK\r\n\r\n', { framing: { kind: 'close' } }],
  'no reason': [
    'HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n',
    { framing: { kind: 'none' }, announcedBytes: 0 },
  ],
  'no reason and no space': ['HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', { status: 200 }],
  'a reason beyond ASCII': ['HTTP/1.1 404 Nicht da: \xe4\r\nContent-Length: 0\r\n\r\n', { status: 404 }],
  'HTTP/1.0': ['HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n', { keepAlive: false }],
  'HTTP/1.0 that stays': [
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n',
    { keepAlive: true },
  ],
  'an answer to HEAD': [
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    { framing: { kind: 'none' }, announcedBytes: 5 },
    'HEAD',
  ],
  'an answer to HEAD in chunks': [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    { framing: { kind: 'none' }, announcedBytes: undefined },
    'HEAD',
  ],
  '204': ['HTTP/1.1 204 No Content\r\n\r\n', { framing: { kind: 'none' } }],
  '304 with the length of another': [
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n',
    { framing: { kind: 'none' }, announcedBytes: 9 },
  ],
  '100': ['HTTP/1.1 100 Continue\r\n\r\n', { status: 100, framing: { kind: 'none' } }],
  '101': [
    'HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n\r\n',
    { upgrade: 'websocket' },
  ],
};

const BAD: Readonly<Record<string, string>> = {
  'Content-Length and Transfer-Encoding':
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n',
  'a bad length': 'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n',
  'another coding': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
  'chunks in HTTP/1.0': 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
  'a bare LF': 'HTTP/1.1 200 OK\nContent-Length: 5\r\n\r\n',
  'bare LFs throughout': 'HTTP/1.1 200 OK\nContent-Length: 5\n\n',
  'a folded line': 'HTTP/1.1 200 OK\r\nx: y\r\n z\r\n\r\n',
  'a space before the colon': 'HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n',
  'a NUL': 'HTTP/1.1 200 OK\r\nx: \0\r\n\r\n',
  'a bare CR in the reason': 'HTTP/1.1 200 O\rK\r\n\r\n',
  'another version': 'HTTP/2.0 200 OK\r\n\r\n',
  'no version': 'ICY 200 OK\r\n\r\n',
  'a status of two digits': 'HTTP/1.1 20 OK\r\n\r\n',
  'a status of four digits': 'HTTP/1.1 2000 OK\r\n\r\n',
  'status 600': 'HTTP/1.1 600 OK\r\n\r\n',
  'status 099': 'HTTP/1.1 099 OK\r\n\r\n',
  'two spaces': 'HTTP/1.1  200 OK\r\n\r\n',
  'an empty line before': '\r\nHTTP/1.1 200 OK\r\n\r\n',
  'another protocol': 'SSH-2.0-OpenSSH\r\n',
  'a head too large': `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1024)}\r\n\r\n`,
  'a head too large that does not end': `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1024)}`,
  'too many headers': `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(11)}\r\n`,
};

test('heads of answers are understood', async (t) => {
  for (const [what, [text, expected, method]] of Object.entries(GOOD))
    t.match(read(text, method), expected, what);
});

test('answers that break the rules are refused, and the server is to blame', async (t) => {
  for (const [what, text] of Object.entries(BAD)) t.equal(read(text), 'refused', what);
});

test('wherever a head is cut, it comes to the same', async (t) => {
  const rows = [
    ...Object.entries(GOOD).map(([what, [text]]) => [what, text] as const),
    ...Object.entries(BAD),
  ];
  for (const [what, text] of rows) {
    const whole = read(text);
    for (let cut = 0; cut <= text.length; cut++)
      if (JSON.stringify(read(text, 'GET', [cut])) !== JSON.stringify(whole))
        t.fail(`${what}, cut at ${cut}`);
    const bytes = Array.from({ length: text.length }, (_, index) => index);
    t.same(JSON.stringify(read(text, 'GET', bytes)), JSON.stringify(whole), `${what}, byte by byte`);
  }
});
