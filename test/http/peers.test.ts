import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import type net from 'node:net';
import { PassThrough } from 'node:stream';
import { promisify } from 'node:util';
import { test } from 'tap';
import {
  bodyOf,
  connectHttp1,
  connectHttp2,
  HeaderList,
  readBody,
  serveHttp1,
  serveHttp2,
} from '../../src/http/index.ts';
import { behave, withClient, withServer } from './support/loopback.ts';
import { requestOf } from './support/requests.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;

/** Empty where the program is installed, else a loud skip, which CI forbids. */
function needs(program: string): { skip?: string } {
  if (spawnSync(program, ['--version']).status === 0) return {};
  const reason = `SKIPPED, NOT PASSED: ${program} is missing (apt-get install ${program === 'curl' ? 'curl' : 'nghttp2-client'})`;
  if (process.env.CI === 'true') throw new Error(`CI must have ${program}: ${reason}`);
  process.stderr.write(`\n*** ${reason}\n\n`);
  return { skip: reason };
}

interface NodeAnswer {
  readonly status: number | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly trailers: NodeJS.Dict<string>;
  readonly body: Buffer;
}

async function nodeRequest(options: http.RequestOptions, body?: Buffer): Promise<NodeAnswer> {
  const request = http.request({ host: '127.0.0.1', ...options });
  // A cut after the head fails the answer; this says so too.
  request.on('error', () => undefined);
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return {
    status: response.statusCode,
    headers: response.headers,
    trailers: response.trailers,
    body: Buffer.concat(chunks),
  };
}

test('node:http as a client', async (t) => {
  await withServer(serveHttp1, { onExchange: behave }, async (port) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const plain = await nodeRequest({ port, agent, path: '/x?y', headers: { 'X-Name': 'v' } });
    t.match(JSON.parse(String(plain.body)), {
      version: '1.1',
      authority: `127.0.0.1:${port}`,
      target: '/x?y',
      headers: [['X-Name', 'v']],
    });
    const echoed = await nodeRequest(
      { port, agent, method: 'POST', path: '/late', headers: { 'transfer-encoding': 'chunked' } },
      Buffer.alloc(5 * MIB, 'y'),
    );
    t.equal(echoed.body.length, 5 * MIB);
    const big = await nodeRequest({ port, agent, path: `/big?${5 * MIB}` });
    t.equal(big.body.length, 5 * MIB);
    t.same(big.trailers, { 'x-sum': `${5 * MIB}` });
    t.match(await nodeRequest({ port, agent, method: 'HEAD', path: '/' }), {
      status: 200,
      body: Buffer.alloc(0),
    });
    const expecting = http.request({
      host: '127.0.0.1',
      port,
      agent,
      method: 'PUT',
      path: '/late',
      headers: { expect: '100-continue', 'content-length': 3 },
    });
    expecting.flushHeaders();
    await once(expecting, 'continue');
    expecting.end('abc');
    const [answer] = (await once(expecting, 'response')) as [http.IncomingMessage];
    t.equal(String(await answer.toArray()), 'abc');
    await t.rejects(nodeRequest({ port, agent, path: '/cut' }), 'a cut answer is no answer');
    agent.destroy();
  });
});

test('node:http as a server', async (t) => {
  const server = http.createServer((request, response) => {
    if (request.url === '/early') {
      response.writeEarlyHints({ link: '</a>' });
      response.end('hinted');
      return;
    }
    if (request.url === '/cut') {
      response.write('some');
      setTimeout(() => request.socket.resetAndDestroy(), 20);
      return;
    }
    response.setHeader('trailer', 'x-sum');
    request.pipe(response, { end: false });
    request.on('end', () => {
      response.addTrailers({ 'x-sum': JSON.stringify(request.trailers) });
      response.end();
    });
  });
  server.on('upgrade', (_request, socket) => {
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello ');
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  await withClient(connectHttp1, port, async (connection) => {
    const upload = new PassThrough();
    upload.end(Buffer.alloc(5 * MIB, 'z'));
    const trailers = new HeaderList([['x-up', '1']]);
    const echoed = await connection.send(
      requestOf({ method: 'POST', body: { stream: upload, length: undefined, trailers: () => trailers } }),
    );
    t.equal((await readBody(echoed.body, 10 * MIB)).length, 5 * MIB);
    t.same([...(echoed.body.trailers() ?? [])], [['x-sum', '{"x-up":"1"}']]);
    const seen: number[] = [];
    const hinted = await connection.send(requestOf({ target: '/early' }), {
      onInformational: (status) => seen.push(status),
    });
    t.equal(String(await readBody(hinted.body, 10)), 'hinted');
    t.same(seen, [103]);
    const expecting = await connection.send(
      requestOf({ method: 'PUT', body: bodyOf(Buffer.from('abc')), expectContinue: true }),
    );
    t.equal(String(await readBody(expecting.body, 10)), 'abc');
    t.equal(connection.state, 'open');
    const cut = await connection.send(requestOf({ target: '/cut' }));
    await t.rejects(readBody(cut.body, 100), { code: 'ERR_HTTP_CUT', blame: 'upstream' });
  });
  await withClient(connectHttp1, port, async (connection) => {
    const { tunnel } = await connection.send(requestOf({ upgrade: 'echo' }));
    tunnel?.duplex.write('world');
    tunnel?.duplex.resume();
    let got = '';
    tunnel?.duplex.on('data', (chunk: Buffer) => {
      got += chunk;
    });
    while (got.length < 11) await new Promise((resolve) => setTimeout(resolve, 5));
    t.equal(got, 'hello world');
  });
  server.closeAllConnections();
  server.close();
});

test('node:http2 as a client', async (t) => {
  await withServer(serveHttp2, { onExchange: behave }, async (port) => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    const send = async (
      headers: http2.OutgoingHttpHeaders,
      body?: Buffer,
    ): Promise<{ body: Buffer; trailers: unknown; info: number }> => {
      const stream = session.request(headers);
      const chunks: Buffer[] = [];
      let trailers: unknown;
      let info = 0;
      stream.on('trailers', (fields) => {
        trailers = { ...fields };
      });
      stream.on('headers', (fields) => {
        info = Number(fields[':status']);
      });
      stream.end(body);
      for await (const chunk of stream) chunks.push(chunk);
      return { body: Buffer.concat(chunks), trailers, info };
    };
    t.match(JSON.parse(String((await send({ ':path': '/x', cookie: ['a=1', 'b=2'] })).body)), {
      version: '2',
      authority: `127.0.0.1:${port}`,
      headers: [['cookie', /a=1; b=2/]],
    });
    t.equal(
      (await send({ ':path': '/late', ':method': 'POST' }, Buffer.alloc(5 * MIB))).body.length,
      5 * MIB,
    );
    t.match(await send({ ':path': `/big?${5 * MIB}` }), { trailers: { 'x-sum': `${5 * MIB}` } });
    t.match(await send({ ':path': '/hint' }), { info: 103 });
    await t.rejects(send({ ':path': '/cut' }));
    const many = await Promise.all(
      Array.from({ length: 200 }, () => send({ ':path': '/echo', ':method': 'POST' }, Buffer.alloc(10_000))),
    );
    t.ok(many.every(({ body }) => body.length === 10_000));
    session.close();
    await once(session, 'close');
  });
});

test('node:http2 as a server', async (t) => {
  const server = http2.createServer();
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    if (headers[':path'] === '/cut') {
      stream.respond({ ':status': 200 });
      stream.write('some');
      setTimeout(() => stream.destroy(new Error('cut on purpose')), 20);
      return;
    }
    stream.additionalHeaders({ ':status': 103, link: '</a>' });
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '1' }));
    stream.pipe(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  await withClient(connectHttp2, port, async (connection) => {
    const one = async (bytes: number): Promise<void> => {
      const seen: number[] = [];
      const response = await connection.send(
        requestOf({ method: 'POST', body: bodyOf(Buffer.alloc(bytes)) }),
        { onInformational: (status) => seen.push(status) },
      );
      if ((await readBody(response.body, 10 * MIB)).length !== bytes) throw new Error('not what was sent');
      if (response.body.trailers()?.get('x-sum') !== '1' || seen[0] !== 103)
        throw new Error('no trailers or hints');
    };
    await one(5 * MIB);
    await Promise.all(Array.from({ length: 90 }, () => one(50_000)));
    const cut = await connection.send(requestOf({ target: '/cut' }));
    await t.rejects(readBody(cut.body, 100), { code: 'ERR_HTTP_CUT' });
    t.equal(connection.state, 'open');
  });
  server.close();
});

test('curl as a client of HTTP/1.1 and HTTP/2', needs('curl'), async (t) => {
  const curl = async (...args: string[]): Promise<string> =>
    (await run('curl', ['-sS', '--max-time', '20', ...args])).stdout;
  await withServer(serveHttp1, { onExchange: behave }, async (port) => {
    const url = `http://127.0.0.1:${port}`;
    t.match(await curl('-i', `${url}/a`, `${url}/b`), /"target":"\/a".*"target":"\/b"/s);
    t.equal(await curl('-d', 'hello', `${url}/late`), 'hello');
    t.equal(await curl('-d', 'hello', '-H', 'Expect: 100-continue', `${url}/late`), 'hello');
    t.equal(await curl('-d', 'hello', '-H', 'Transfer-Encoding: chunked', `${url}/late`), 'hello');
    t.equal((await curl(`${url}/big?1000000`)).length, 1_000_000);
    t.match(await curl('-0', `${url}/x`), /"version":"1.0"/);
    t.equal((await curl('-0', `${url}/big?1000000`)).length, 1_000_000);
    t.match(await curl('-i', '--path-as-is', `${url}/../%2e%2e//x`), /"target":"\/..\/%2e%2e\/\/x"/);
    t.match(await curl('-I', `${url}/x`), /content-length: \d+/);
    await t.rejects(curl(`${url}/cut`));
  });
  await withServer(serveHttp2, { onExchange: behave }, async (port) => {
    const url = `http://127.0.0.1:${port}`;
    const h2 = '--http2-prior-knowledge';
    // One URL each: curl 7.88 fails at the second on a connection, against any server.
    t.match(await curl(h2, '-i', `${url}/a`), /^HTTP\/2 200.*"target":"\/a"/s);
    t.equal(await curl(h2, '-d', 'hello', `${url}/late`), 'hello');
    t.equal((await curl(h2, `${url}/big?1000000`)).length, 1_000_000);
    await t.rejects(curl(h2, `${url}/cut`));
  });
});

test('h2load, with many streams, bodies and connections', needs('h2load'), async (t) => {
  await withServer(serveHttp2, { onExchange: behave }, async (port) => {
    const { stdout } = await run('h2load', [
      '-n',
      '2000',
      '-c',
      '4',
      '-m',
      '32',
      `http://127.0.0.1:${port}/big?20000`,
    ]);
    t.match(stdout, /2000 succeeded, 0 failed/);
  });
  await withServer(serveHttp1, { onExchange: behave }, async (port) => {
    const { stdout } = await run('h2load', [
      '--h1',
      '-n',
      '2000',
      '-c',
      '4',
      '-m',
      '4',
      `http://127.0.0.1:${port}/x`,
    ]);
    t.match(stdout, /2000 succeeded, 0 failed/);
  });
});
