// HTTP/1 in all its forms against the interop server: `node http-client.ts HOST PORT`. Prints CheckReport lines.
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request, type RequestOptions } from 'node:http';
import { patternDigest, patternedBytes } from '../../../mesh/programs/pattern.ts';
import { runChecks } from '../checks.ts';
import { isWholeAnswer, openRaw } from './raw-exchange.ts';

const [host = '', portText = '0'] = process.argv.slice(2);
const port = Number(portText);

interface Got {
  readonly response: IncomingMessage;
  readonly body: string;
  /** Undefined: the answer came whole. */
  readonly cut: string | undefined;
  /** Of the connection that it came over. */
  readonly localPort: number | undefined;
}

async function read(response: IncomingMessage): Promise<Got> {
  let body = '';
  let cut: string | undefined;
  response.setEncoding('utf8');
  response.on('data', (part: string) => {
    body += part;
  });
  response.on('error', (error: NodeJS.ErrnoException) => {
    cut = error.code ?? error.message;
  });
  const { localPort } = response.socket;
  await new Promise((resolve) => response.on('close', resolve));
  return { response, body, cut, localPort };
}

async function get(path: string, options: RequestOptions = {}, body: string | Buffer = ''): Promise<Got> {
  const attempt = request({ host, port, path, agent: false, ...options });
  // Before the answer, `once` rejects with it; after that, the answer has it too.
  attempt.on('error', () => undefined);
  attempt.end(body);
  const [response] = (await once(attempt, 'response')) as [IncomingMessage];
  return read(response);
}

interface Echoed {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
  readonly trailers: readonly string[];
  readonly bytes: number;
  readonly sha256: string;
}

async function echo(options: RequestOptions = {}, body: string | Buffer = ''): Promise<Echoed> {
  return JSON.parse((await get('/echo', options, body)).body) as Echoed;
}

function valuesOf({ headers }: Echoed, name: string): readonly string[] {
  return headers.filter((_value, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === name);
}

await runChecks({
  async 'method, path, query and headers arrive as they were sent'() {
    const echoed = await echo({
      method: 'PATCH',
      path: '/echo?a=%2F&b=c%20d&&e',
      headers: { 'X-One': ['1', '2'], 'X-Empty': '', 'X-Long': 'l'.repeat(8000), host: 'shop.example:81' },
    });
    equal(echoed.method, 'PATCH');
    equal(echoed.url, '/echo?a=%2F&b=c%20d&&e');
    equal(valuesOf(echoed, 'x-one').join(', '), '1, 2');
    deepEqual(valuesOf(echoed, 'x-empty'), ['']);
    equal(valuesOf(echoed, 'x-long')[0]?.length, 8000);
    deepEqual(valuesOf(echoed, 'host'), ['shop.example:81']);
  },
  async 'the backend learns the address of the client, and not one that the client made up'() {
    const echoed = await echo({
      headers: {
        'x-forwarded-for': '192.0.2.7',
        forwarded: 'for=192.0.2.7',
        'x-forwarded-client-cert': 'By=me',
      },
    });
    const told = [...valuesOf(echoed, 'x-forwarded-for'), ...valuesOf(echoed, 'forwarded')].join(' ');
    const own = (await openRaw(host, port)).socket.localAddress ?? 'unknown';
    ok(told.includes(own.replace('::ffff:', '')), `${told} has ${own}`);
    ok(!told.includes('192.0.2.7'), told);
    ok(!valuesOf(echoed, 'x-forwarded-client-cert').join().includes('By=me'));
  },
  async 'a body with a length and one in chunks arrive whole'() {
    for (const headers of [{ 'content-length': 3 << 20 }, {}]) {
      const attempt = request({ host, port, path: '/echo', method: 'PUT', headers, agent: false });
      patternedBytes(3 << 20).pipe(attempt);
      const [response] = (await once(attempt, 'response')) as [IncomingMessage];
      const echoed = JSON.parse((await read(response)).body) as Echoed;
      equal(echoed.bytes, 3 << 20);
      equal(echoed.sha256, patternDigest(3 << 20));
    }
  },
  async 'an answer with a length and one in chunks arrive whole'() {
    for (const length of [0, 1]) {
      const { response, body } = await get(`/download?bytes=${5 << 20}&length=${length}`);
      equal(response.headers['content-length'], length === 1 ? String(5 << 20) : undefined);
      equal(Buffer.byteLength(body, 'utf8') >= 5 << 20, true);
    }
  },
  async 'a client that asks for leave gets it from the server, and only then sends its body'() {
    const attempt = request({
      host,
      port,
      path: '/echo',
      method: 'POST',
      agent: false,
      headers: { expect: '100-continue', 'content-length': 4 },
    });
    attempt.flushHeaders();
    await once(attempt, 'continue');
    attempt.end('body');
    const [response] = (await once(attempt, 'response')) as [IncomingMessage];
    equal((JSON.parse((await read(response)).body) as Echoed).bytes, 4);
  },
  async 'a client that asks for leave hears a refusal before it has sent anything'() {
    const attempt = request({
      host,
      port,
      path: '/echo',
      method: 'POST',
      agent: false,
      headers: { expect: '100-continue', 'content-length': 4, 'x-refuse': '1' },
    });
    attempt.on('continue', () => attempt.destroy(new Error('it was let')));
    attempt.on('error', () => undefined);
    attempt.flushHeaders();
    const [response] = (await once(attempt, 'response')) as [IncomingMessage];
    equal(response.statusCode, 417);
    attempt.destroy();
  },
  async 'trailers of a request arrive'() {
    const connection = await openRaw(host, port);
    connection.write(
      'POST /echo HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nConnection: close\r\n\r\n' +
        '4;ext=1\r\nbody\r\n0\r\nX-Sum: 17\r\n\r\n',
    );
    const { text } = await connection.read();
    match(text, /"bytes":4/);
    match(text.toLowerCase(), /"trailers":\["x-sum","17"\]/);
    connection.close();
  },
  async 'trailers of an answer arrive'() {
    const { response, body } = await get('/trailers', { headers: { te: 'trailers' } });
    equal(body, 'body');
    deepEqual({ ...response.trailers }, { 'x-checksum': 'abc', 'x-second': '2' });
  },
  async 'interim answers arrive before the final one'() {
    const attempt = request({ host, port, path: '/early-hints', agent: false });
    attempt.end();
    // Both may come at once.
    const final = once(attempt, 'response') as Promise<[IncomingMessage]>;
    const [information] = (await once(attempt, 'information')) as [
      { statusCode: number; headers: { link: string } },
    ];
    equal(information.statusCode, 103);
    equal(information.headers.link, '</style.css>; rel=preload');
    const [response] = await final;
    equal((await read(response)).body, 'done');
  },
  async 'HEAD, 204 and 304 have no body, and the connection goes on'() {
    const connection = await openRaw(host, port);
    for (const [line, status] of [
      ['HEAD /status?code=200', 200],
      ['GET /status?code=204', 204],
      ['GET /status?code=304', 304],
    ] as const) {
      connection.write(`${line} HTTP/1.1\r\nHost: shop\r\n\r\n`);
      const { text } = await connection.read((got) => got.endsWith('\r\n\r\n'));
      ok(text.startsWith(`HTTP/1.1 ${status} `), text);
    }
    connection.write('GET /status?code=418 HTTP/1.1\r\nHost: shop\r\n\r\n');
    match((await connection.read(isWholeAnswer)).text, /^HTTP\/1\.1 418 .*text/s);
    connection.close();
  },
  async 'HTTP/1.0 is answered as such, with and without keep-alive'() {
    const closing = await openRaw(host, port);
    closing.write('GET /status HTTP/1.0\r\nHost: shop\r\n\r\n');
    const first = await closing.read();
    match(first.text, /^HTTP\/1\.[01] 200 .*\r\n\r\ntext$/s);
    equal(first.ending, 'end');
    const chunks = await openRaw(host, port);
    chunks.write('GET /download?bytes=1000 HTTP/1.0\r\nHost: shop\r\n\r\n');
    const { text } = await chunks.read();
    ok(!/transfer-encoding/i.test(text), 'HTTP/1.0 knows no chunks');
    equal(text.length - text.indexOf('\r\n\r\n') - 4, 1000);
  },
  async 'a connection is kept for a hundred requests, and requests in a row are answered in theirs'() {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (let turn = 0; turn < 100; turn++) {
      ports.add((await get('/status', { agent })).localPort);
    }
    equal(ports.size, 1);
    agent.destroy();
    const connection = await openRaw(host, port);
    const paths = ['/delay?ms=200', '/status?code=201', '/status?code=202', '/status?code=203'];
    connection.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: shop\r\n\r\n`).join(''));
    const { text } = await connection.read((got) => (got.match(/HTTP\/1\.1 /g) ?? []).length === 4);
    deepEqual(
      text.match(/HTTP\/1\.1 \d+/g),
      [200, 201, 202, 203].map((status) => `HTTP/1.1 ${status}`),
    );
    connection.close();
  },
  async 'a client that has half-closed gets its answer'() {
    const connection = await openRaw(host, port);
    connection.write('GET /delay?ms=300 HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n');
    connection.end();
    const { text, ending } = await connection.read();
    match(text, /late$/);
    equal(ending, 'end');
  },
  async 'cookies stay apart'() {
    const { response } = await get('/cookies');
    deepEqual(response.headers['set-cookie'], ['a=1; Path=/', 'b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT']);
  },
  async 'an answer that is cut never looks whole'() {
    for (const length of [0, 1]) {
      const { body, cut } = await get(`/cut?length=${length}`);
      equal(body.length, 100);
      ok(cut !== undefined, `with${length === 1 ? '' : 'out'} a length`);
    }
  },
  async 'a server that resets is a bad gateway or a missing service, and the next request is served'() {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { response } = await get('/reset', { agent, method: 'POST' });
    ok([502, 503].includes(response.statusCode ?? 0), String(response.statusCode));
    equal((await get('/status', { agent })).response.statusCode, 200);
    agent.destroy();
  },
  async 'events of a stream arrive one by one'() {
    const id = createHash('sha256').update(String(Math.random())).digest('hex');
    const attempt = request({ host, port, path: `/events?id=${id}`, agent: false });
    attempt.end();
    const [response] = (await once(attempt, 'response')) as [IncomingMessage];
    equal(response.headers['content-type'], 'text/event-stream');
    const events = response.setEncoding('utf8')[Symbol.asyncIterator]();
    for (let event = 0; event < 20; event++) {
      await get(`/events/next?id=${id}`);
      equal((await events.next()).value, `id: ${event}\ndata: event ${event}\n\n`);
    }
    await get(`/events/end?id=${id}`);
    equal((await events.next()).done, true);
  },
  async 'a client that goes away is noticed by the server'() {
    const id = createHash('sha256').update(String(Math.random())).digest('hex');
    const attempt = request({ host, port, path: `/events?id=${id}`, agent: false });
    attempt.end();
    await once(attempt, 'response');
    attempt.on('error', () => undefined);
    attempt.destroy();
    while ((await get(`/events/next?id=${id}`)).response.statusCode !== 404)
      await new Promise((settle) => setTimeout(settle, 20));
  },
});
