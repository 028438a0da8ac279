/** Requests that two parsers may read differently. One character a byte; `ID` stands for the request's own name. */
export interface AmbiguousRequest {
  readonly name: string;
  readonly bytes: string;
}

const HIDDEN = 'GET /hidden/ID HTTP/1.1\r\nHost: shop\r\n\r\n';

/** A POST with these fields and this body. */
function post(name: string, fields: readonly string[], body = ''): AmbiguousRequest {
  const head = ['POST /open/ID HTTP/1.1', 'Host: shop', ...fields].join('\r\n');
  return { name, bytes: `${head}\r\n\r\n${body}` };
}

/** A GET whose head is these lines. */
function head(name: string, ...lines: readonly string[]): AmbiguousRequest {
  return { name, bytes: `${lines.join('\r\n')}\r\n\r\n` };
}

const CHUNKED = 'Transfer-Encoding: chunked';

/** What must be refused with 400, and never be forwarded. */
export const REFUSED: readonly AmbiguousRequest[] = [
  post('a length and chunks', ['Content-Length: 4', CHUNKED], `0\r\n\r\n${HIDDEN}`),
  post('chunks and a length', [CHUNKED, 'Content-Length: 4'], `0\r\n\r\n${HIDDEN}`),
  post('two lengths', [`Content-Length: ${HIDDEN.length}`, 'Content-Length: 0'], HIDDEN),
  post('the same length twice', ['Content-Length: 4', 'Content-Length: 4'], 'body'),
  post('a list of lengths', ['Content-Length: 4, 4'], 'body'),
  post('a signed length', ['Content-Length: +4'], 'body'),
  post('a negative length', ['Content-Length: -4'], 'body'),
  post('a length in hex', ['Content-Length: 0x4'], 'body'),
  post('a length with a fraction', ['Content-Length: 4.0'], 'body'),
  post('a length with a word', ['Content-Length: 4 x'], 'body'),
  post('an empty length', ['Content-Length:'], HIDDEN),
  post('a length past all bounds', ['Content-Length: 18446744073709551617'], HIDDEN),
  post('a space before the colon of a length', ['Content-Length : 4'], 'body'),
  post('a space before the colon of chunks', ['Transfer-Encoding : chunked'], `0\r\n\r\n${HIDDEN}`),
  post('a tab before the colon', ['Transfer-Encoding\t: chunked'], `0\r\n\r\n${HIDDEN}`),
  post('a coding that nobody knows', ['Transfer-Encoding: xchunked'], `0\r\n\r\n${HIDDEN}`),
  post('identity', ['Transfer-Encoding: identity'], HIDDEN),
  post('chunked, but not last', ['Transfer-Encoding: chunked, identity'], `0\r\n\r\n${HIDDEN}`),
  post('chunked twice', ['Transfer-Encoding: chunked, chunked'], `0\r\n\r\n${HIDDEN}`),
  post('chunked in two fields', [CHUNKED, CHUNKED], `0\r\n\r\n${HIDDEN}`),
  post('chunked and something in two fields', [CHUNKED, 'Transfer-Encoding: x'], `0\r\n\r\n${HIDDEN}`),
  post('chunked with a vertical tab', ['Transfer-Encoding: \x0bchunked'], `0\r\n\r\n${HIDDEN}`),
  post('chunked in quotes', ['Transfer-Encoding: "chunked"'], `0\r\n\r\n${HIDDEN}`),
  post('chunked on a folded line', ['Transfer-Encoding:', ' chunked'], `0\r\n\r\n${HIDDEN}`),
  post('a folded line', ['X-A: b', ' c: d']),
  post('a line feed alone ends a field', [`X-A: b\n${CHUNKED}`], `0\r\n\r\n${HIDDEN}`),
  post('a carriage return in a value', [`X-A: b\r${CHUNKED}`], `0\r\n\r\n${HIDDEN}`),
  post('a NUL in a value', ['X-A: b\x00c']),
  post('a space in a name', ['X A: b']),
  post('a bracket in a name', ['X[A]: b']),
  post('no name', [': b']),
  post('a line without a colon', ['X-A']),
  { name: 'line feeds alone', bytes: `GET /open/ID HTTP/1.1\nHost: shop\n\n${HIDDEN}` },
  { name: 'a space before the first field', bytes: 'GET /open/ID HTTP/1.1\r\n Host: shop\r\n\r\n' },
  head('two Hosts', 'GET /open/ID HTTP/1.1', 'Host: shop', 'Host: other'),
  head('the same Host twice', 'GET /open/ID HTTP/1.1', 'Host: shop', 'Host: shop'),
  head('no Host', 'GET /open/ID HTTP/1.1', 'X-A: b'),
  head('a Host with a path', 'GET /open/ID HTTP/1.1', 'Host: shop/admin'),
  head('a Host with a user', 'GET /open/ID HTTP/1.1', 'Host: shop@other'),
  head('a Host with a space', 'GET /open/ID HTTP/1.1', 'Host: shop other'),
  head('a Host with a list', 'GET /open/ID HTTP/1.1', 'Host: shop, other'),
  head('a port that is none', 'GET /open/ID HTTP/1.1', 'Host: shop:80a'),
  head('a target that names another host', 'GET http://other/open/ID HTTP/1.1', 'Host: shop'),
  head('a target with a user', 'GET http://shop@other/open/ID HTTP/1.1', 'Host: other'),
  head('a fragment', 'GET /open/ID#x HTTP/1.1', 'Host: shop'),
  head('a target without a slash', 'GET open/ID HTTP/1.1', 'Host: shop'),
  head('a space in the target', 'GET /open/ID x HTTP/1.1', 'Host: shop'),
  head('a control character in the target', 'GET /open/\x01ID HTTP/1.1', 'Host: shop'),
  head('two spaces', 'GET  /open/ID HTTP/1.1', 'Host: shop'),
  head('a space in front', ' GET /open/ID HTTP/1.1', 'Host: shop'),
  head('a tab for a space', 'GET\t/open/ID HTTP/1.1', 'Host: shop'),
  head('no version', 'GET /open/ID', 'Host: shop'),
  head('a version that is none', 'GET /open/ID HTTP/1.1.1', 'Host: shop'),
  head('another protocol', 'GET /open/ID HTTPS/1.1', 'Host: shop'),
  head('a method that is no token', 'GE(T /open/ID HTTP/1.1', 'Host: shop'),
  {
    name: 'chunks in HTTP/1.0',
    bytes: `POST /open/ID HTTP/1.0\r\nHost: shop\r\n${CHUNKED}\r\n\r\n0\r\n\r\n${HIDDEN}`,
  },
];

/** What must be refused with 400 while it comes: a backend may see it begin, and never end. */
export const REFUSED_BODIES: readonly AmbiguousRequest[] = [
  post('a chunk size in 0x', [CHUNKED], '0x4\r\nbody\r\n0\r\n\r\n'),
  post('a signed chunk size', [CHUNKED], '+4\r\nbody\r\n0\r\n\r\n'),
  post('a negative chunk size', [CHUNKED], '-4\r\nbody\r\n0\r\n\r\n'),
  post('a chunk size of no digits', [CHUNKED], `;x\r\n${HIDDEN}`),
  post('a chunk size past all bounds', [CHUNKED], `fffffffffffffffff\r\n${HIDDEN}`),
  post('a chunk size that wraps to zero', [CHUNKED], `10000000000000000\r\n\r\n${HIDDEN}`),
  post('a space in front of a chunk size', [CHUNKED], ' 4\r\nbody\r\n0\r\n\r\n'),
  post('a chunk line that ends in a line feed', [CHUNKED], `4\nbody\r\n0\r\n\r\n${HIDDEN}`),
  post('a line feed in a chunk extension', [CHUNKED], `4;a\nxx\r\nbody\r\n0\r\n\r\n${HIDDEN}`),
  post('a chunk that is longer than its size', [CHUNKED], `2\r\nbody\r\n0\r\n\r\n${HIDDEN}`),
  post('a chunk without its end', [CHUNKED], `4\r\nbody0\r\n\r\n${HIDDEN}`),
  post('trailers that end in line feeds', [CHUNKED], `0\r\nX-A: b\n\n${HIDDEN}`),
];

/** What is unusual and may be answered, with whatever status; what is hidden in it is a body and no request. */
export const HARMLESS: readonly AmbiguousRequest[] = [
  post('a request in a body', [`Content-Length: ${HIDDEN.length}`], HIDDEN),
  post('a request in a chunk', [CHUNKED], `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`),
  post('a length among the trailers', [CHUNKED], '4\r\nbody\r\n0\r\nContent-Length: 100\r\n\r\n'),
  post('a coding among the trailers', [CHUNKED], `4\r\nbody\r\n0\r\n${CHUNKED}\r\n\r\n`),
  post('a length that Connection names', ['Content-Length: 4', 'Connection: Content-Length'], 'body'),
  post(
    'a coding that Connection names',
    [CHUNKED, 'Connection: Transfer-Encoding'],
    '4\r\nbody\r\n0\r\n\r\n',
  ),
  post('a body that is not waited for', ['Expect: 100-continue', 'Content-Length: 4'], 'body'),
  post('an upgrade to h2c', [
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAAQAAP__',
  ]),
  {
    name: 'a GET with a body',
    bytes: `GET /open/ID HTTP/1.1\r\nHost: shop\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  },
];

/** The bytes of a request under its own name. */
export function bytesOf({ bytes }: AmbiguousRequest, id: string): string {
  const named = bytes.replaceAll('ID', id);
  // A length that counted the placeholder counts the name now.
  const grown = HIDDEN.replaceAll('ID', id).length;
  return named
    .replace(new RegExp(`(Content-Length: )${HIDDEN.length}\\b`), `$1${grown}`)
    .replace(new RegExp(`(\\r\\n\\r\\n)${HIDDEN.length.toString(16)}\\r\\n`), `$1${grown.toString(16)}\r\n`);
}
