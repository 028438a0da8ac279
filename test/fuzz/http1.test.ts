import { METHODS } from 'node:http';
import { type Duplex, duplexPair } from 'node:stream';
import fc from 'fast-check';
import { test } from 'tap';
import {
  connectHttp1,
  type HeaderList,
  HttpError,
  type HttpExchange,
  readBody,
  serveHttp1,
  textResponse,
} from '../../src/http/index.ts';
import { type Reading, readWithLlhttp } from '../http/support/llhttp.ts';
import { requestOf } from '../http/support/requests.ts';
import { byteStream, settle } from '../http/support/wire.ts';

/** More than the default for a search that takes its time. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 3_000);

const HOP = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

function fieldsOf(list: HeaderList | undefined): string[] {
  return [...(list ?? [])]
    .filter(([name]) => !HOP.has(name.toLowerCase()))
    .map(([name, value]) => `${name}: ${value}`);
}

/** What our server's end makes of these bytes. */
async function ours(bytes: Buffer, cuts: readonly number[]): Promise<Reading[]> {
  const [a, client] = duplexPair({ allowHalfOpen: true });
  const readings: Reading[] = [];
  let unknown = false;
  const take = async (exchange: HttpExchange): Promise<void> => {
    const { request } = exchange;
    const body = await readBody(request.body, 1_000_000);
    // llhttp knows a list of methods; any token is one.
    unknown ||= !METHODS.includes(request.method);
    if (!unknown)
      readings.push({
        start: `HTTP/${request.version} ${request.target}`,
        fields: fieldsOf(request.headers),
        body: body.toString('latin1'),
        trailers: fieldsOf(request.body.trailers()),
      });
    await exchange.respond(textResponse(200, ''));
  };
  const connection = serveHttp1(byteStream(a), {
    onExchange: (exchange) => void take(exchange).catch((error) => exchange.abort(error)),
  });
  await feed(client, bytes, cuts);
  connection.destroy();
  client.destroy();
  return readings;
}

/** What llhttp read, in our words: without what belongs to one connection, targets in origin form. */
function translated({ start, fields, body, trailers }: Reading): Reading {
  const connection = fields
    .filter((field) => /^connection:/i.test(field))
    .flatMap((field) => field.slice(11).toLowerCase().split(','))
    .map((option) => option.trim());
  const kept = (field: string): boolean => {
    const name = field.slice(0, field.indexOf(':')).toLowerCase();
    return !HOP.has(name) && !connection.includes(name);
  };
  return { start: originForm(start), fields: fields.filter(kept), body, trailers: trailers.filter(kept) };
}

function originForm(start: string): string {
  const [, version = '', path] = /^(\S+ )https?:\/\/[^/?]*(.*)$/i.exec(start) ?? [];
  if (path === undefined) return start;
  return `${version}${path.startsWith('/') ? path : `/${path}`}`;
}

async function feed(client: Duplex, bytes: Buffer, cuts: readonly number[]): Promise<void> {
  client.on('error', () => undefined);
  client.resume();
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b).map((share) => Math.floor(share * bytes.length))) {
    if (cut > from) client.write(bytes.subarray(from, cut));
    from = Math.max(from, cut);
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.end(bytes.subarray(from));
  await settle();
  await settle();
}

const piece = <T extends string>(...good: readonly T[]): fc.Arbitrary<string> =>
  fc.constantFrom<string>(...good);

/** Where lines end, mostly as they should. */
const lineEnd = fc.oneof(
  { weight: 40, arbitrary: fc.constant('\r\n') },
  piece('\n', '\r', '\r\r\n', '\n\n', '\r\n ', ' \r\n'),
);
const goodRequestLine = piece(
  'GET / HTTP/1.1',
  'POST /a?b HTTP/1.1',
  'GET /x HTTP/1.0',
  'PUT http://a/y HTTP/1.1',
  'OPTIONS * HTTP/1.1',
);
const requestLine = fc.oneof(
  { weight: 10, arbitrary: goodRequestLine },
  piece(
    'GET  / HTTP/1.1',
    'GET / HTTP/1.1 ',
    'GET /#a HTTP/1.1',
    'GET http://b/ HTTP/1.1',
    'get / HTTP/1.1',
    'GET / HTTP/1.1\tx',
    'GET /\x80 HTTP/1.1',
  ),
);
const name = piece(
  'Content-Length',
  'Transfer-Encoding',
  'Host',
  'X-A',
  'x-b',
  'Connection',
  'Expect',
  'Trailer',
  'Content-Length ',
  ' X-A',
  'X-A\0',
  'Transfer-Encoding\t',
  'TE',
  'Upgrade',
  'X_A',
);
const value = piece(
  'a',
  '3',
  '5',
  '0',
  'chunked',
  'Chunked',
  ' chunked',
  'chunked ',
  'gzip, chunked',
  'identity',
  'close',
  'keep-alive',
  'x-b',
  '',
  ' ',
  '\t3\t',
  '3,3',
  '+3',
  '03',
  '3 3',
  'a\x0bb',
  'a\x80b',
  '100-continue',
  'websocket',
  'a:80',
  'x y',
);
const colon = fc.oneof({ weight: 20, arbitrary: piece(': ', ':') }, piece(' :', '', ':\t', '::'));
const field = fc.tuple(name, colon, value, lineEnd).map((parts) => parts.join(''));
const framingField = fc
  .tuple(
    piece(
      'Content-Length: 3',
      'Content-Length: 5',
      'Transfer-Encoding: chunked',
      'Content-Length: 0',
      'X-A: b',
    ),
    lineEnd,
  )
  .map((parts) => parts.join(''));
const goodChunk = piece('3\r\nabc\r\n', '5;x=y\r\n0\r\n\r\n\r\n', 'a\r\n0123456789\r\n', '03\r\nabc\r\n');
const chunk = fc.oneof(
  { weight: 6, arbitrary: goodChunk },
  piece(
    '3\nabc\n',
    '3 \r\nabc\r\n',
    '0x3\r\nabc\r\n',
    '-1\r\n',
    '3\r\nabcd\r\n',
    '3\r\nab\r\n',
    ' 3\r\nabc\r\n',
    '3;\nx\r\nabc\r\n',
    'g\r\n',
  ),
);
const goodLastChunk = piece('0\r\n\r\n', '0\r\nX-T: 1\r\n\r\n', '0\r\nHost: b\r\n\r\n', '00\r\n\r\n');
const lastChunk = fc.oneof(
  { weight: 3, arbitrary: goodLastChunk },
  piece('0\n\n', '0\r\n', '0\r\nX-T : 1\r\n\r\n'),
);
const body = fc.oneof(
  piece('', 'abc', 'abcde', 'abc\r\n'),
  fc.tuple(fc.array(chunk, { maxLength: 3 }), lastChunk).map(([chunks, last]) => chunks.join('') + last),
);
const wildRequest = fc
  .tuple(
    requestLine,
    lineEnd,
    piece('Host: a\r\n', 'Host: a\r\n', 'host:a\r\n', ''),
    fc.array(framingField, { maxLength: 2 }),
    fc.array(field, { maxLength: 2 }),
    lineEnd,
    body,
  )
  .map(
    ([line, end, host, framing, fields, empty, content]) =>
      line + end + host + framing.join('') + fields.join('') + empty + content,
  );

/** Framing and body that belong together; only what is in them may be odd. */
const framedBody = fc.oneof(
  fc.constant('\r\n'),
  piece('Content-Length: 3\r\n\r\nabc', 'content-length:5\r\n\r\nabcde', 'Content-Length: 0\r\n\r\n'),
  fc
    .tuple(fc.array(goodChunk, { maxLength: 3 }), goodLastChunk)
    .map(([chunks, last]) => `Transfer-Encoding: chunked\r\n\r\n${chunks.join('')}${last}`),
);
const request = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(goodRequestLine, fc.array(field, { maxLength: 1 }), framedBody)
      .map(([line, fields, rest]) => `${line}\r\nHost: a\r\n${fields.join('')}${rest}`),
  },
  wildRequest,
);

/** A place in a text, none likelier than another. */
const share = fc.noBias(fc.integer({ min: 0, max: 9_999 })).map((part) => part / 10_000);

/** A byte taken out, put in or changed, anywhere. */
const slip = fc.tuple(
  share,
  fc.constantFrom('cut', 'put', 'change'),
  fc.constantFrom(...'\r\n\0 \t:;,a0\x0b\x80'),
);

function withSlip(text: string, [share, kind, character]: [number, string, string]): string {
  const at = Math.floor(share * text.length);
  const after = kind === 'put' ? at : at + 1;
  return text.slice(0, at) + (kind === 'cut' ? '' : character) + text.slice(after);
}

const input = fc
  .tuple(fc.array(request, { minLength: 1, maxLength: 3 }), fc.option(slip, { nil: undefined }))
  .map(([messages, change]) =>
    change === undefined ? messages.join('') : withSlip(messages.join(''), change),
  );
const cuts = fc.array(share, { maxLength: 3 });

test('whatever requests we take, llhttp reads them as we do, however they are cut', {
  timeout: 300_000,
}, async (t) => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(input, cuts, async (text, where) => {
      const bytes = Buffer.from(text, 'latin1');
      const own = await ours(bytes, where);
      const other = readWithLlhttp(bytes, { kind: 'request', hasBody: true }).map(translated);
      taken += own.length;
      for (const [index, reading] of own.entries())
        if (JSON.stringify(reading) !== JSON.stringify(other[index]))
          throw new Error(`${index}: ${JSON.stringify(reading)}\n  llhttp: ${JSON.stringify(other[index])}`);
    }),
    { numRuns: RUNS },
  );
  t.ok(taken > 1_000, `${taken} requests were taken`);
});

/** What a client makes of an answer; undefined when it refuses it. */
async function ourAnswer(
  bytes: Buffer,
  method: string,
  where: readonly number[],
): Promise<Reading | undefined> {
  const [a, server] = duplexPair({ allowHalfOpen: true });
  const connection = connectHttp1(byteStream(a));
  const sending = connection.send(requestOf({ method }));
  const result = sending.then(async (response): Promise<Reading> => {
    const content = await readBody(response.body, 1_000_000);
    const trailers = fieldsOf(response.body.trailers());
    return {
      start: `${response.status}`,
      fields: fieldsOf(response.headers),
      body: content.toString('latin1'),
      trailers,
    };
  });
  result.catch(() => undefined);
  await feed(server, bytes, where);
  connection.destroy();
  server.destroy();
  try {
    return await result;
  } catch (error) {
    if (error instanceof HttpError) return undefined;
    throw error;
  }
}

const goodStatusLine = piece(
  'HTTP/1.1 200 OK',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 204 No',
  'HTTP/1.1 304 No',
  'HTTP/1.1 404 ',
);
const statusLine = fc.oneof(
  { weight: 8, arbitrary: goodStatusLine },
  piece(
    'HTTP/1.1 100 C',
    'HTTP/1.1  200 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/2.0 200 OK',
    'HTTP/1.1 200',
    'HTTP/1.1 200 O\0K',
  ),
);
const wildAnswer = fc
  .tuple(
    statusLine,
    lineEnd,
    fc.array(framingField, { maxLength: 2 }),
    fc.array(field, { maxLength: 2 }),
    lineEnd,
    body,
  )
  .map(
    ([line, end, framing, fields, empty, content]) =>
      line + end + framing.join('') + fields.join('') + empty + content,
  );

const answer = fc.oneof(
  {
    weight: 2,
    arbitrary: fc
      .tuple(goodStatusLine, fc.array(field, { maxLength: 1 }), framedBody)
      .map(([line, fields, rest]) => `${line}\r\n${fields.join('')}${rest}`),
  },
  wildAnswer,
);

test('whatever answers we take, llhttp reads them as we do', { timeout: 300_000 }, async (t) => {
  let taken = 0;
  const changed = fc
    .tuple(answer, fc.option(slip, { nil: undefined }))
    .map(([text, change]) => (change === undefined ? text : withSlip(text, change)));
  await fc.assert(
    fc.asyncProperty(changed, piece('GET', 'HEAD'), cuts, async (text, method, where) => {
      const bytes = Buffer.from(text, 'latin1');
      const own = await ourAnswer(bytes, method, where);
      if (own === undefined) return;
      const readings = readWithLlhttp(bytes, { kind: 'response', hasBody: method !== 'HEAD' }).map(
        translated,
      );
      // Interim answers are not the answer.
      const other = readings.find(({ start }) => !start.startsWith('1'));
      taken += 1;
      if (JSON.stringify(own) !== JSON.stringify(other))
        throw new Error(`${JSON.stringify(own)}\n  llhttp: ${JSON.stringify(other)}`);
    }),
    { numRuns: RUNS },
  );
  t.ok(taken > 300, `${taken} answers were taken`);
});

test('no bytes at all make either end fail otherwise than by its own errors', async () => {
  const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array));
  await fc.assert(
    fc.asyncProperty(bytes, cuts, async (garbage, where) => {
      await ours(garbage, where);
      await ourAnswer(garbage, 'GET', where);
    }),
    { numRuns: 500 },
  );
});
