// HTTP/2 requests that are malformed, or that would be two requests in HTTP/1: `node malformed-http2.ts HOST PORT`. Prints CheckReport
// lines: each is to be reset or refused. The witness behind the proxy must see none of `/http2/…`.
import { ok } from 'node:assert/strict';
import { type Check, runChecks } from '../checks.ts';
import { END_HEADERS, END_STREAM, type Field, FRAME, openHttp2 } from './raw-http2.ts';

const [host = '', port = '0'] = process.argv.slice(2);

const USUAL: readonly Field[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/http2/ID'],
  [':authority', 'shop'],
];
const without = (name: string): readonly Field[] => USUAL.filter(([one]) => one !== name);
const instead = (name: string, value: string): readonly Field[] =>
  USUAL.map(([one, before]) => [one, one === name ? value : before]);

/** What is wrong, the fields, and a body where that matters. */
const MALFORMED: Readonly<Record<string, readonly [fields: readonly Field[], body?: string]>> = {
  'transfer-encoding': [
    [...USUAL, ['transfer-encoding', 'chunked']],
    '0\r\n\r\nGET /http2/hidden HTTP/1.1\r\n\r\n',
  ],
  connection: [[...USUAL, ['connection', 'close']]],
  'keep-alive': [[...USUAL, ['keep-alive', '1']]],
  'te other than trailers': [[...USUAL, ['te', 'gzip']]],
  'a name in upper case': [[...USUAL, ['X-Upper', '1']]],
  'a name with a colon': [[...USUAL, ['x:y', '1']]],
  'a name with a line end': [[...USUAL, ['x\r\ntransfer-encoding: chunked\r\ny', '1']]],
  'an empty name': [[...USUAL, ['', '1']]],
  'a value with a line end': [[...USUAL, ['x-a', 'b\r\nx-c: d']]],
  'a value with a line feed': [[...USUAL, ['x-a', 'b\nx-c: d']]],
  'a value with a NUL': [[...USUAL, ['x-a', 'b\0c']]],
  'a path with a line end': [instead(':path', '/http2/ID HTTP/1.1\r\nHost: shop\r\n\r\nGET /http2/hidden')],
  'a path with a space': [instead(':path', '/http2/ID x')],
  'a path without a slash': [instead(':path', 'http2/ID')],
  'an empty path': [instead(':path', '')],
  'no path': [without(':path')],
  'no method': [without(':method')],
  'a method with a space': [instead(':method', 'GET / HTTP/1.1')],
  'an authority with a line end': [instead(':authority', 'shop\r\nx: y')],
  'an authority with a user': [instead(':authority', 'shop@other')],
  'no authority at all': [without(':authority')],
  'a host that is not the authority': [[...USUAL, ['host', 'other']]],
  'two methods': [[[':method', 'POST'], ...USUAL]],
  'two paths': [[[':path', '/http2/other'], ...USUAL]],
  'a pseudo field of answers': [[[':status', '200'], ...USUAL]],
  'a pseudo field that nobody knows': [[[':other', '1'], ...USUAL]],
  'a pseudo field behind others': [[...without(':path'), ['x-a', 'b'], [':path', '/http2/ID']]],
  'a length that is more than the body': [[...instead(':method', 'POST'), ['content-length', '100']], 'body'],
  'a length that is less than the body': [[...instead(':method', 'POST'), ['content-length', '1']], 'body'],
  'two lengths': [[...instead(':method', 'POST'), ['content-length', '4'], ['content-length', '5']], 'body'],
  CONNECT: [
    [
      [':method', 'CONNECT'],
      [':authority', 'shop:80'],
    ],
  ],
};

function check(title: string, fields: readonly Field[], body: string | undefined): Check {
  return async () => {
    const session = await openHttp2(host, Number(port));
    const named = fields.map(
      ([name, value]): Field => [name, value.replace('ID', encodeURIComponent(title))],
    );
    session.headers(1, named, body === undefined ? END_HEADERS | END_STREAM : END_HEADERS);
    if (body !== undefined) session.frame(FRAME.DATA, END_STREAM, 1, Buffer.from(body));
    const ending = await session.until(
      ({ type, streamId }) =>
        type === FRAME.GOAWAY || (streamId === 1 && (type === FRAME.RST_STREAM || type === FRAME.HEADERS)),
    );
    const refused =
      session.ended ||
      ending?.type === FRAME.RST_STREAM ||
      ending?.type === FRAME.GOAWAY ||
      (ending?.type === FRAME.HEADERS && !isOk(ending.payload));
    session.socket.destroy();
    ok(refused, `got frame ${ending?.type} ${ending?.payload.toString('hex').slice(0, 40)}`);
  };
}

/** Whether a field block begins with `:status: 200` (RFC 7541, appendix A: 8), behind any change of the table's size (§6.3). */
function isOk(block: Buffer): boolean {
  return block.find((byte) => byte >> 5 !== 1) === 0x88;
}

await runChecks(
  Object.fromEntries(
    Object.entries(MALFORMED).map(([title, [fields, body]]) => [title, check(title, fields, body)]),
  ),
);
